// Package load sends requests at a constant rate, whether they are answered or not: an open loop. Every duration counts
// from the instant at which the request was due, so that a server (or a machine) that stalls can't hide its own slowness.
package load

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// What may be asked for at most: the generator is a tool for one machine, and must end.
const (
	maxRate     = 10_000
	maxRequests = 20_000_000
	maxDuration = 24 * time.Hour
)

// Plan is what to send, and for how long.
type Plan struct {
	URL           *url.URL
	Host          string
	Method        string
	Body          []byte
	Header        http.Header
	Rate          float64
	Duration      time.Duration
	Timeout       time.Duration
	SlowOver      time.Duration
	VersionHeader string
	MaxInFlight   int
}

type headers http.Header

func (h headers) String() string { return "" }

func (h headers) Set(line string) error {
	name, value, found := strings.Cut(line, ":")
	if !found || strings.TrimSpace(name) == "" {
		return fmt.Errorf("%q is not NAME: VALUE", line)
	}
	http.Header(h).Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

// Main gets the arguments behind the subcommand's name and answers with the exit status: 0 when the summary was
// written, however the requests fared; 2 for arguments that make no sense; 1 when the file can't be written.
func Main(args []string) int {
	plan, out, progress, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "playground load:", err)
		return 2
	}
	records := io.WriteCloser(nothing{})
	if out != "" {
		file, err := os.Create(out)
		if err != nil {
			fmt.Fprintln(os.Stderr, "playground load:", err)
			return 1
		}
		records = file
	}
	lines := io.Discard
	if progress {
		lines = os.Stderr
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() { // the second signal doesn't wait for answers
		<-ctx.Done()
		stop()
	}()
	first()
	summary, err := Run(ctx, plan, records, lines)
	if closing := records.Close(); err == nil {
		err = closing
	}
	written, _ := json.Marshal(summary)
	fmt.Println(string(written))
	if err != nil {
		fmt.Fprintln(os.Stderr, "playground load:", err)
		return 1
	}
	return 0
}

func parse(args []string) (plan Plan, out string, progress bool, err error) {
	flags := flag.NewFlagSet("playground load", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	plan.Header = http.Header{}
	var target, body string
	flags.StringVar(&target, "url", "", "where to send to; loopback addresses only")
	flags.StringVar(&plan.Host, "host", "", "the Host header; else the URL's")
	flags.StringVar(&plan.Method, "method", "", "GET without a body, POST with one, if not set")
	flags.StringVar(&body, "body", "", "what to send; @FILE takes it from a file")
	flags.Var(headers(plan.Header), "header", "NAME: VALUE; may be repeated")
	flags.Float64Var(&plan.Rate, "rate", 100, "requests per second")
	flags.DurationVar(&plan.Duration, "duration", time.Minute, "how long to send")
	flags.DurationVar(&plan.Timeout, "timeout", 10*time.Second, "how long to wait for one answer")
	flags.DurationVar(&plan.SlowOver, "slow-over", 500*time.Millisecond, "a longer answer counts as slow")
	flags.StringVar(&plan.VersionHeader, "version-header", "x-app-version", "the answer's header that names the version")
	flags.IntVar(&plan.MaxInFlight, "max-in-flight", 20_000, "requests without an answer; one more fails unsent")
	flags.StringVar(&out, "out", "", "file for one line of JSON per request")
	flags.BoolVar(&progress, "progress", false, "one line per second on stderr")
	if err = flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(os.Stderr)
			flags.Usage()
		}
		return
	}
	if flags.NArg() > 0 {
		return plan, out, progress, fmt.Errorf("%q is no option", flags.Arg(0))
	}
	if strings.HasPrefix(body, "@") {
		if plan.Body, err = os.ReadFile(body[1:]); err != nil {
			return
		}
	} else if body != "" {
		plan.Body = []byte(body)
	}
	if plan.Method == "" {
		plan.Method = http.MethodGet
		if plan.Body != nil {
			plan.Method = http.MethodPost
		}
	}
	if plan.URL, err = url.Parse(target); err != nil {
		return
	}
	return plan, out, progress, plan.check()
}

func (p Plan) check() error {
	switch {
	case p.URL.Scheme != "http" || p.URL.Host == "":
		return fmt.Errorf("--url is %q; give one like http://127.0.0.1:8080/sms", p.URL)
	case !isLoopback(p.URL.Hostname()):
		return fmt.Errorf("--url names %s, which is no loopback address: load goes to this machine only", p.URL.Hostname())
	case !(p.Rate > 0 && p.Rate <= maxRate):
		return fmt.Errorf("--rate is %g; it must be above 0 and at most %d", p.Rate, maxRate)
	case p.Duration <= 0 || p.Duration > maxDuration:
		return fmt.Errorf("--duration is %s; it must be above 0 and at most %s", p.Duration, maxDuration)
	case p.Rate*p.Duration.Seconds() > maxRequests:
		return fmt.Errorf("--rate times --duration is more than %d requests", maxRequests)
	case p.Timeout <= 0 || p.Timeout > time.Hour:
		return fmt.Errorf("--timeout is %s; it must be above 0 and at most 1h", p.Timeout)
	case p.MaxInFlight <= 0 || p.MaxInFlight > 100_000:
		return fmt.Errorf("--max-in-flight is %d; it must be above 0 and at most 100000", p.MaxInFlight)
	}
	_, err := http.NewRequest(p.Method, p.URL.String(), nil)
	return err
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// Whatever a name resolves to, nothing leaves this machine.
func loopbackOnly(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err == nil && !isLoopback(host) {
		err = fmt.Errorf("%s is no loopback address", host)
	}
	return err
}

// Before other programs, where the user may say so (root); otherwise as it comes.
func first() {
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		var id int
		if _, err := fmt.Sscan(thread.Name(), &id); err == nil {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, -10)
		}
	}
}

type nothing struct{}

func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) Close() error                { return nil }
