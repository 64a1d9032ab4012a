# Metrics as if 100 requests came a second, and nothing else; with SLOW=1 each of them took longer than half a second.
import http.server
import os
import time

BEGIN = time.monotonic()
SLOW = os.environ.get("SLOW") == "1"


class Metrics(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        total = int((time.monotonic() - BEGIN) * 100)
        body = (
            "# TYPE bench_request_duration_seconds histogram\n"
            f'bench_request_duration_seconds_bucket{{le="0.5"}} {0 if SLOW else total}\n'
            f'bench_request_duration_seconds_bucket{{le="+Inf"}} {total}\n'
            f"bench_request_duration_seconds_sum {total}\n"
            f"bench_request_duration_seconds_count {total}\n"
        )
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write((head + body).encode())

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer((os.environ["POD_IP"], 8080), Metrics).serve_forever()
