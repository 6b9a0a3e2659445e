//! A call, with output buffers of every size.

use super::*;
use crate::http::error::WriteError;
use crate::transport::{Action, Conversation, Input};

/// What a call sends of `content` behind its head, through an output of that length; or why it fails.
fn send(request: &Request<'_>, mut content: &[u8], output: usize) -> Result<Vec<u8>, CallError> {
    let mut connection = asked(&[*request]);
    let (mut conversation, mut listener) = (Conversation::new(), |_: ClientEvent<'_>| None);
    let (mut store, mut output, mut sent) = (vec![0; LIMITS.store_bytes()], vec![0; output], Vec::new());
    let (now, nothing) = (at(0).now, Input { bytes: b"", has_ended: false });
    let mut call = ClientCall::new(&mut connection, &LIMITS, &mut listener).with_request(0, true);
    loop {
        if let (_, Action::Send(count)) = conversation.poll(&mut call.at(now), nothing, &mut store, &mut output) {
            sent.extend_from_slice(&output[..count]);
            conversation.handle_sent(&mut call.at(now), count, 0);
            continue;
        }
        if let Some(error) = call.error() {
            return Err(error);
        }
        let Some(place) = call.content_place(now, output.len()) else {
            if let Some(error) = call.error() {
                return Err(error);
            }
            // The end of the content may be left to send.
            while let (_, Action::Send(count)) = conversation.poll(&mut call.at(now), nothing, &mut store, &mut output)
            {
                sent.extend_from_slice(&output[..count]);
                conversation.handle_sent(&mut call.at(now), count, 0);
            }
            return call.error().map_or(Ok(sent), Err);
        };
        let (count, most) = (place.len().min(content.len()), place.len());
        output[place.start..place.start + count].copy_from_slice(&content[..count]);
        content = &content[count..];
        call.handle_content(now, count, most);
    }
}

/// An output that is too small is an error, and never a content that ends too early.
#[test]
fn content_is_sent_whole_or_not_at_all() {
    let chunked = Request { length: None, ..POST };
    for output in 0..64 {
        for request in [POST, chunked] {
            match send(&request, b"abcd", output) {
                Ok(sent) if request.length.is_some() => assert_eq!(sent, b"abcd", "{output}"),
                Ok(sent) => {
                    let letters: Vec<u8> = sent.iter().copied().filter(u8::is_ascii_alphabetic).collect();
                    assert_eq!(letters, b"abcd", "{output}");
                    assert!(sent.ends_with(b"\r\n0\r\n\r\n"), "{output}: {sent:?}");
                }
                Err(error) => {
                    assert_eq!(error, CallError::Refused(WriteError::Full), "{output}");
                    assert!(output < 32, "{output}");
                }
            }
        }
    }
}
