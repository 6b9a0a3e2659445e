// An API: items that are created, listed and read as JSON. The content is collected, up to 64 KiB.
#include "mongoose.h"

#define JSON "Content-Type: application/json\r\n"

static struct mg_str *items;
static unsigned count;

static size_t print_items(mg_pfn_t out, void *arg, va_list *ap) {
  size_t length = mg_xprintf(out, arg, "[");
  (void)ap;
  for (unsigned i = 0; i < count; i++)
    length += mg_xprintf(out, arg, "%s%.*s", i ? "," : "", (int)items[i].len, items[i].buf);
  return length + mg_xprintf(out, arg, "]");
}

static void create(struct mg_connection *c, struct mg_str content) {
  int length = 0;
  if (mg_json_get(content, "$", &length) != 0 || (size_t)length != content.len) {
    mg_http_reply(c, 400, "", "Bad Request\n");
    return;
  }
  struct mg_str *more = realloc(items, (count + 1) * sizeof(*items));
  if (more)
    items = more;
  struct mg_str item = more ? mg_strdup(content) : mg_str_n(NULL, 0);
  if (!item.buf) {
    mg_http_reply(c, 503, "", "Service Unavailable\n");
    return;
  }
  items[count] = item;
  mg_http_reply(c, 201, JSON, "{%m:%u}", MG_ESC("id"), count++);
}

static void answer(struct mg_connection *c, struct mg_http_message *hm) {
  bool is_post = mg_match(hm->method, mg_str("POST"), NULL), is_get = mg_match(hm->method, mg_str("GET"), NULL);
  bool is_list = mg_match(hm->uri, mg_str("/items"), NULL);
  struct mg_str id[2] = {{0}};
  unsigned index;
  if (is_list && is_post) {
    create(c, hm->body);
  } else if (is_list && is_get) {
    mg_http_reply(c, 200, JSON, "%M", print_items);
  } else if (is_list) {
    mg_http_reply(c, 405, "Allow: GET, POST\r\n", "Method Not Allowed\n");
  } else if (!mg_match(hm->uri, mg_str("/items/*"), id) || !mg_str_to_num(id[0], 10, &index, sizeof(index)) ||
             index >= count) {
    mg_http_reply(c, 404, "", "Not Found\n");
  } else if (!is_get) {
    mg_http_reply(c, 405, "Allow: GET\r\n", "Method Not Allowed\n");
  } else {
    mg_http_reply(c, 200, JSON, "%.*s", (int)items[index].len, items[index].buf);
  }
}

static void handle(struct mg_connection *c, int ev, void *data) {
  struct mg_http_message *hm = data;
  if ((ev == MG_EV_HTTP_HDRS || ev == MG_EV_HTTP_MSG) && hm->body.len > 65536) {
    mg_http_reply(c, 413, "Connection: close\r\n", "Content Too Large\n");
    c->is_draining = 1;
  } else if (ev == MG_EV_HTTP_MSG && !c->is_draining) {
    answer(c, hm);
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
