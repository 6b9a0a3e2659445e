// What one client says, all others hear at once. A client that does not read is cut.
#include "mongoose.h"

#define HEAD                                                                                                           \
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: "               \
  "chunked\r\n\r\n"

static unsigned count;

static size_t print_lines(mg_pfn_t out, void *arg, va_list *ap) {
  struct mg_str *words = va_arg(*ap, struct mg_str *);
  size_t length = mg_xprintf(out, arg, "data: ");
  for (size_t i = 0; i < words->len; i++) {
    bool is_end = words->buf[i] == '\n' || words->buf[i] == '\r';
    length += is_end ? mg_xprintf(out, arg, "\ndata: ") : mg_xprintf(out, arg, "%c", words->buf[i]);
  }
  return length + mg_xprintf(out, arg, "\n\n");
}

static void say(struct mg_connection *c, struct mg_http_message *hm) {
  for (struct mg_connection *guest = c->mgr->conns; guest; guest = guest->next) {
    if (guest->data[0] != 'G')
      continue;
    mg_http_printf_chunk(guest, "event: said\nid: %u\n%M", count, print_lines, &hm->body);
    if (guest->send.len > 65536)
      guest->is_closing = 1;
  }
  count++;
  mg_http_reply(c, 204, "", "");
}

static void handle(struct mg_connection *c, int ev, void *data) {
  struct mg_http_message *hm = data;
  if ((ev == MG_EV_HTTP_HDRS || ev == MG_EV_HTTP_MSG) && hm->body.len > 1000) {
    mg_http_reply(c, 413, "Connection: close\r\n", "Content Too Large\n");
    c->is_draining = 1;
  } else if (ev != MG_EV_HTTP_MSG || c->is_draining) {
    return;
  } else if (mg_match(hm->uri, mg_str("/say"), NULL) && mg_match(hm->method, mg_str("POST"), NULL)) {
    say(c, hm);
  } else if (mg_match(hm->uri, mg_str("/hear"), NULL) && mg_match(hm->method, mg_str("GET"), NULL)) {
    mg_printf(c, HEAD);
    c->data[0] = 'G';
  } else {
    mg_http_reply(c, 404, "", "Not Found\n");
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  if (!mg_http_listen(&mgr, argc > 1 ? argv[1] : "127.0.0.1:8080", handle, NULL))
    return 1;
  for (;;)
    mg_mgr_poll(&mgr, 1000);
}
