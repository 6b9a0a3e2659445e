// What node:http reads, with its strict parser. Frames come on standard input, and a line of JSON for each goes to
// standard output.
//
// A frame is a line with what a stream holds (`requests`, `response to GET`, `response to HEAD`), a comma and the
// stream's length; and the stream, which the peer then ends.
'use strict';

const http = require('node:http');
const { Duplex } = require('node:stream');

// A stream to be read, and what is written.
class Wire extends Duplex {
  constructor() {
    super({ allowHalfOpen: true });
    this.written = '';
  }

  _read() {}

  _write(chunk, _encoding, done) {
    this.written += chunk.toString('latin1');
    done();
  }
}

// Until all that follows from what happened has happened.
async function settle() {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resume) => setImmediate(resume));
  }
}

// All requests, each answered at its end.
async function readRequests(stream) {
  const requests = [];
  let refused = null;
  const note = (request) => {
    const seen = watch(request, `${request.method} ${request.url} ${request.httpVersion}`);
    requests.push(seen);
    return seen;
  };
  const server = http.createServer({ insecureHTTPParser: false }, (request, response) => {
    request.on('end', () => response.end());
    note(request);
  });
  server.on('clientError', (error) => {
    refused ??= error.code;
  });
  // Without these two, node decides by itself. A tunnel is not what is tested here.
  server.on('connect', (request) => {
    note(request).isComplete = true;
  });
  server.on('checkExpectation', () => {
    refused ??= 'expectation';
  });
  const wire = new Wire();
  wire.on('error', () => {});
  server.emit('connection', wire);
  wire.push(stream);
  await settle();
  wire.push(null);
  await settle();
  if (refused === null && /^HTTP\/1\.1 400 /m.test(wire.written)) {
    refused = 'no host';
  }
  wire.destroy();
  return { steps: requests.flatMap(steps), refused };
}

// The final response. What follows it is not looked at.
async function readResponse(method, stream) {
  let seen = null;
  let refused = null;
  const wire = new Wire();
  const request = http.request({
    method, path: '/', headers: { host: 'a' }, insecureHTTPParser: false, createConnection: () => wire,
  });
  request.on('response', (response) => {
    seen = watch(response, String(response.statusCode));
    response.on('error', (error) => {
      refused ??= error.code;
    });
  });
  request.on('upgrade', (response) => {
    seen = watch(response, String(response.statusCode));
  });
  request.on('error', (error) => {
    refused ??= error.code;
  });
  request.end();
  await settle();
  wire.push(stream);
  await settle();
  wire.push(null);
  await settle();
  wire.destroy();
  await settle();
  const isComplete = seen !== null && seen.isComplete;
  return { steps: seen === null ? [] : steps(seen), refused: isComplete ? null : refused };
}

// Notes what comes of a message.
function watch(message, line) {
  const seen = { message, line, content: '', isComplete: false };
  message.on('data', (chunk) => {
    seen.content += chunk.toString('latin1');
  });
  message.on('end', () => {
    seen.isComplete = message.complete;
  });
  return seen;
}

function steps({ message, line, content, isComplete }) {
  const head = ['head', line, fields(message.rawHeaders)];
  return isComplete ? [head, ['end', content, fields(message.rawTrailers)]] : [head];
}

function fields(raw) {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1]]] : []));
}

async function main() {
  let unread = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    unread = Buffer.concat([unread, chunk]);
    for (let frame; (frame = takeFrame(unread)) !== null; unread = unread.subarray(frame.end)) {
      const { kind, stream } = frame;
      const method = kind.split(' ').at(-1);
      const reading = kind === 'requests' ? await readRequests(stream) : await readResponse(method, stream);
      process.stdout.write(`${JSON.stringify(reading)}\n`);
    }
  }
}

// The first frame, if it is there.
function takeFrame(bytes) {
  const start = bytes.indexOf('\n') + 1;
  const [kind, length] = bytes.subarray(0, start).toString('latin1').split(', ');
  const end = start + Number(length);
  return start > 0 && bytes.length >= end ? { kind, stream: bytes.subarray(start, end), end } : null;
}

main();
