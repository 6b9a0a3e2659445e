// Uploads to a folder, and downloads from it. Both go through memory in pieces; no chunked uploads.
#include "mongoose.h"

static const char *folder = ".";

static void uploaded(struct mg_connection *c, const char *error) {
  char *part = c->pfn_data, name[MG_PATH_MAX];
  if (part) {
    mg_snprintf(name, sizeof(name), "%.*s", (int)(strlen(part) - strlen(".part")), part);
    if (error || rename(part, name) != 0)
      unlink(part), error = "failed";
  }
  if (!c->is_closing)
    mg_http_reply(c, error ? 500 : 201, "Connection: close\r\n", "");
  c->is_draining = 1;
}

static void upload(struct mg_connection *c, struct mg_http_message *hm, struct mg_str name) {
  char part[MG_PATH_MAX], path[MG_PATH_MAX];
  size_t length = mg_snprintf(part, sizeof(part), "%.*s.part", (int)name.len, name.buf);
  size_t whole = mg_snprintf(path, sizeof(path), "%s/%s", folder, part);
  int status = mg_http_get_header(hm, "Transfer-Encoding")       ? 411
               : length >= sizeof(part) || whole >= sizeof(path) ? 404
                                                                 : 0;
  if (!status && access(path, F_OK) == 0)
    status = 409;
  if (status) {
    mg_http_reply(c, status, "Connection: close\r\n", "");
    c->is_draining = 1;
  } else {
    mg_http_start_upload(c, hm, mg_str(part), mg_str(folder), &mg_fs_posix, uploaded);
  }
}

static void handle(struct mg_connection *c, int ev, void *data) {
  struct mg_http_message *hm = data;
  struct mg_str name[2] = {{0}};
  if ((ev != MG_EV_HTTP_HDRS && ev != MG_EV_HTTP_MSG) || c->is_draining)
    return;
  bool is_put = mg_match(hm->method, mg_str("PUT"), NULL);
  bool is_file = mg_match(hm->uri, mg_str("/*"), name) && name[0].len > 0 && name[0].buf[0] != '.';
  if (ev == MG_EV_HTTP_HDRS && is_file && is_put) {
    upload(c, hm, name[0]);
  } else if (ev == MG_EV_HTTP_MSG && is_file && !is_put) {
    struct mg_http_serve_opts opts = {.root_dir = folder};
    mg_http_serve_dir(c, hm, &opts);
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_reply(c, 404, "", "Not Found\n");
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  if (argc > 2)
    folder = argv[2];
  if (!mg_http_listen(&mgr, argc > 1 ? argv[1] : "127.0.0.1:8080", handle, NULL))
    return 1;
  for (;;)
    mg_mgr_poll(&mgr, 1000);
}
