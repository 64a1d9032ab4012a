package load

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func plan(t *testing.T, args ...string) Plan {
	t.Helper()
	p, _, _, err := parse(args)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

type line struct {
	At      int64  `json:"at"`
	Us      int64  `json:"us"`
	Lag     int64  `json:"lag"`
	Status  int    `json:"status"`
	Version string `json:"version"`
	Why     string `json:"why"`
}

func linesOf(t *testing.T, records *bytes.Buffer) []line {
	t.Helper()
	var all []line
	for _, text := range strings.Split(strings.TrimSpace(records.String()), "\n") {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		all = append(all, l)
	}
	return all
}

func TestAServerThatStallsShowsInEveryRequestThatWasDueMeanwhile(t *testing.T) {
	// All answers wait until half a second after the first request: whoever waits for answers would see one slow one.
	gate := make(chan struct{})
	var once atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if once.CompareAndSwap(false, true) {
			time.AfterFunc(500*time.Millisecond, func() { close(gate) })
		}
		<-gate
		w.Header().Set("x-app-version", "v2")
	}))
	defer server.Close()
	var records bytes.Buffer

	summary, err := Run(context.Background(), plan(t, "--url", server.URL, "--rate", "200", "--duration", "1s", "--slow-over", "100ms"),
		&records, io.Discard)

	if err != nil || summary.Sent != 200 || summary.OK != 200 {
		t.Fatalf("%+v %v", summary, err)
	}
	if summary.Slow < 60 || summary.Slow > 120 { // due within the first 400 ms: 80
		t.Errorf("slow=%d, should be about 80", summary.Slow)
	}
	if got := summary.ByVersion["v2"]; got.OK != 200 || got.Slow != summary.Slow {
		t.Errorf("%+v", got)
	}
}

func TestTheScheduleDoesNotDependOnAnswers(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer server.Close()
	var records bytes.Buffer

	_, _ = Run(context.Background(), plan(t, "--url", server.URL, "--rate", "500", "--duration", "1s"), &records, io.Discard)

	lines := linesOf(t, &records)
	first := lines[0].At
	seen := map[int64]bool{}
	for _, l := range lines {
		first = min(first, l.At)
		seen[l.At] = true
	}
	for n := range int64(500) {
		if due := first + n*2000; !seen[due] && !seen[due-1] && !seen[due+1] {
			t.Errorf("no request was due at %d µs", n*2000)
		}
	}
}

func TestAFailureSaysWhy(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	var records bytes.Buffer

	summary, _ := Run(context.Background(), plan(t, "--url", server.URL, "--rate", "20", "--duration", "100ms", "--timeout", "50ms"),
		&records, io.Discard)

	if summary.Failed != 2 || summary.ByStatus["0"] != 2 || summary.Reasons["no answer within 50ms"] != 2 {
		t.Errorf("%+v", summary)
	}
	if l := linesOf(t, &records)[0]; l.Status != 0 || l.Why != "no answer within 50ms" || l.Us < 50_000 {
		t.Errorf("%+v", l)
	}
}

func TestASignalStopsTheScheduleButWaitsForAnswers(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stop()
		time.AfterFunc(100*time.Millisecond, func() {})
		<-ctx.Done()
		body, _ := io.ReadAll(r.Body)
		if string(body) != "hello" || r.Method != "POST" || r.Host != "sms.example" || r.Header.Get("Cookie") != "a=b" {
			w.WriteHeader(400)
		}
	}))
	defer server.Close()

	summary, _ := Run(ctx, plan(t, "--url", server.URL, "--host", "sms.example", "--rate", "50", "--duration", "1h",
		"--body", "hello", "--header", "Cookie: a=b"), io.Discard, io.Discard)

	if summary.Sent == 0 || summary.Failed != 0 {
		t.Errorf("%+v", summary)
	}
}

func TestArgumentsThatMakeNoSenseAreRefused(t *testing.T) {
	for args, want := range map[string]string{
		"--url http://10.0.0.1/":                             "no loopback address",
		"--url http://example.org/":                          "no loopback address",
		"--url https://127.0.0.1/":                           "--url",
		"--url http://127.0.0.1/ --rate 0":                   "--rate",
		"--url http://127.0.0.1/ --rate NaN":                 "--rate",
		"--url http://127.0.0.1/ --rate 100000":              "--rate",
		"--url http://127.0.0.1/ --duration 25h":             "--duration",
		"--url http://127.0.0.1/ --rate 9000 --duration 20h": "requests",
		"--url http://127.0.0.1/ more":                       "no option",
		"--url http://127.0.0.1/ --header x":                 "NAME: VALUE",
	} {
		if _, _, _, err := parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
}
