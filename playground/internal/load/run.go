package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// answer is one request's end, however it came.
type answer struct {
	due     time.Time
	lag     time.Duration // from due until it was sent: the generator's own lateness, part of took
	took    time.Duration // from due until the answer's last byte
	status  int           // 0: none; then why says it
	version string
	why     string
}

// Run sends what the plan says, or until ctx is done; then it waits for the answers under way, each up to its timeout.
// records gets a line of JSON per request, in the order in which they end; lines one summary per second.
func Run(ctx context.Context, plan Plan, records, lines io.Writer) (Summary, error) {
	client := &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: plan.Timeout, Control: loopbackOnly}).DialContext,
			MaxIdleConns:        plan.MaxInFlight,
			MaxIdleConnsPerHost: plan.MaxInFlight,
			IdleConnTimeout:     30 * time.Second,
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()

	answers := make(chan answer, 4096)
	places := make(chan struct{}, plan.MaxInFlight)
	go func() {
		schedule(ctx, plan, func(due time.Time) {
			select {
			case places <- struct{}{}:
				go func() {
					answers <- send(client, plan, due)
					<-places
				}()
			default:
				answers <- answer{due: due, took: time.Since(due), why: "too many requests without an answer"}
			}
		})
		for range plan.MaxInFlight { // every place taken: nothing is under way any more
			places <- struct{}{}
		}
		close(answers)
	}()
	return collect(plan, answers, records, lines)
}

// schedule calls start at every instant that is due. The n-th instant follows from the first alone: what came late
// shifts nothing behind it, and what was missed is caught up at once.
func schedule(ctx context.Context, plan Plan, start func(due time.Time)) {
	began := time.Now().Add(10 * time.Millisecond)
	total := int(plan.Rate * plan.Duration.Seconds())
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := range total {
		due := began.Add(time.Duration(float64(n) / plan.Rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		} else if ctx.Err() != nil {
			return
		}
		start(due)
	}
}

func send(client *http.Client, plan Plan, due time.Time) answer {
	sent := time.Now()
	result := answer{due: due, lag: sent.Sub(due)}
	// Its own context: a signal ends the schedule, not the requests under way.
	ctx, cancel := context.WithDeadline(context.Background(), due.Add(plan.Timeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, plan.Method, plan.URL.String(), bytes.NewReader(plan.Body))
	if err == nil {
		request.Header = plan.Header.Clone()
		request.Host = plan.Host
		var response *http.Response
		if response, err = client.Do(request); err == nil {
			result.version = response.Header.Get(plan.VersionHeader)
			_, err = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			result.status = response.StatusCode
		}
	}
	result.took = time.Since(due)
	if err != nil {
		result.status, result.why = 0, reason(err, plan)
	}
	return result
}

// The same words for the same cause, without addresses that differ from request to request.
func reason(err error, plan Plan) string {
	var network *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err):
		return fmt.Sprintf("no answer within %s", plan.Timeout)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed before the answer's end"
	case errors.As(err, &network):
		return network.Op + ": " + network.Err.Error()
	}
	return err.Error()
}
