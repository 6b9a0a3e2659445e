// The smallest server.
#include "mongoose.h"

static void handle(struct mg_connection *c, int ev, void *data) {
  (void)data;
  if (ev == MG_EV_HTTP_MSG)
    mg_http_reply(c, 200, "Content-Type: text/plain\r\n", "Hello, World!\n");
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  if (!mg_http_listen(&mgr, argc > 1 ? argv[1] : "127.0.0.1:8080", handle, NULL))
    return 1;
  for (;;)
    mg_mgr_poll(&mgr, 1000);
}
