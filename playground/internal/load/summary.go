package load

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Summary is what came of all requests. Durations count from the instant at which a request was due.
type Summary struct {
	Sent       int                `json:"sent"`
	OK         int                `json:"ok"`     // answered with 200 to 399
	Failed     int                `json:"failed"` // any other status, or no answer
	Slow       int                `json:"slow"`   // answered or not, it took longer than slowOverMs
	SlowOverMs float64            `json:"slowOverMs"`
	P50Ms      float64            `json:"p50Ms"`
	P99Ms      float64            `json:"p99Ms"`
	MaxMs      float64            `json:"maxMs"`
	LagP99Ms   float64            `json:"lagP99Ms"` // of the generator itself: how late requests were sent
	LagMaxMs   float64            `json:"lagMaxMs"`
	Seconds    float64            `json:"seconds"` // from the first request due to the last one's end
	ByVersion  map[string]Version `json:"byVersion"`
	ByStatus   map[string]int     `json:"byStatus"` // "0": no answer
	Reasons    map[string]int     `json:"reasons,omitempty"`
}

// Version is what one version answered. The empty name stands for answers that name none.
type Version struct {
	OK     int `json:"ok"`
	Failed int `json:"failed"`
	Slow   int `json:"slow"`
}

type tally struct {
	summary Summary
	slow    time.Duration
	took    []uint32 // µs
	lag     []uint32 // µs
	began   time.Time
	ended   time.Time
}

func newTally(plan Plan) *tally {
	return &tally{
		slow:    plan.SlowOver,
		summary: Summary{SlowOverMs: milliseconds(plan.SlowOver), ByVersion: map[string]Version{}, ByStatus: map[string]int{}, Reasons: map[string]int{}},
	}
}

func (t *tally) add(a answer) {
	t.summary.Sent++
	version := t.summary.ByVersion[a.version]
	if a.status >= 200 && a.status < 400 {
		t.summary.OK++
		version.OK++
	} else {
		t.summary.Failed++
		version.Failed++
	}
	if a.took > t.slow {
		t.summary.Slow++
		version.Slow++
	}
	if a.status != 0 || a.version != "" {
		t.summary.ByVersion[a.version] = version
	}
	t.summary.ByStatus[strconv.Itoa(a.status)]++
	if a.why != "" {
		t.summary.Reasons[a.why]++
	}
	t.took = append(t.took, uint32(max(0, a.took.Microseconds())))
	t.lag = append(t.lag, uint32(max(0, a.lag.Microseconds())))
	if t.began.IsZero() || a.due.Before(t.began) {
		t.began = a.due
	}
	if end := a.due.Add(a.took); end.After(t.ended) {
		t.ended = end
	}
}

func (t *tally) sum() Summary {
	slices.Sort(t.took)
	slices.Sort(t.lag)
	s := t.summary
	s.P50Ms, s.P99Ms, s.MaxMs = quantile(t.took, 0.5), quantile(t.took, 0.99), quantile(t.took, 1)
	s.LagP99Ms, s.LagMaxMs = quantile(t.lag, 0.99), quantile(t.lag, 1)
	s.Seconds = t.ended.Sub(t.began).Seconds()
	return s
}

// quantile is the smallest value that at least the share q of all values doesn't exceed, in milliseconds.
func quantile(sorted []uint32, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	at := int(q*float64(len(sorted)) + 0.999999)
	return float64(sorted[min(max(at, 1), len(sorted))-1]) / 1000
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func collect(plan Plan, answers <-chan answer, records, lines io.Writer) (Summary, error) {
	whole, second := newTally(plan), newTally(plan)
	writer := bufio.NewWriterSize(records, 1<<16)
	ticks := time.NewTicker(time.Second)
	defer ticks.Stop()
	began := time.Now()
	var line []byte
	var failed error
	for {
		select {
		case a, more := <-answers:
			if !more {
				if err := writer.Flush(); failed == nil {
					failed = err
				}
				return whole.sum(), failed
			}
			whole.add(a)
			second.add(a)
			line = record(line[:0], a)
			if _, err := writer.Write(line); failed == nil {
				failed = err
			}
		case <-ticks.C:
			if err := writer.Flush(); failed == nil {
				failed = err
			}
			if lines != io.Discard {
				fmt.Fprintln(lines, progress(time.Since(began), second.sum()))
			}
			second = newTally(plan)
		}
	}
}

// record is one request as a line of JSON: when it was due (µs since 1970), how long it took from then (µs), how much of
// that the generator itself was late (µs), the status (0: no answer, why says it), and the version that answered.
func record(line []byte, a answer) []byte {
	line = append(line, `{"at":`...)
	line = strconv.AppendInt(line, a.due.UnixMicro(), 10)
	line = append(line, `,"us":`...)
	line = strconv.AppendInt(line, a.took.Microseconds(), 10)
	line = append(line, `,"lag":`...)
	line = strconv.AppendInt(line, a.lag.Microseconds(), 10)
	line = append(line, `,"status":`...)
	line = strconv.AppendInt(line, int64(a.status), 10)
	line = appendString(line, `,"version":`, a.version)
	if a.why != "" {
		line = appendString(line, `,"why":`, a.why)
	}
	return append(line, '}', '\n')
}

func appendString(line []byte, key, value string) []byte {
	quoted, _ := json.Marshal(value)
	return append(append(line, key...), quoted...)
}

func progress(since time.Duration, s Summary) string {
	var versions strings.Builder
	names := make([]string, 0, len(s.ByVersion))
	for name := range s.ByVersion {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		v := s.ByVersion[name]
		if name == "" {
			name = "unnamed"
		}
		fmt.Fprintf(&versions, " %s=%d", name, v.OK+v.Failed)
	}
	return fmt.Sprintf("%4.0fs answered=%d failed=%d slow=%d p50=%.1fms p99=%.1fms%s",
		since.Seconds(), s.Sent, s.Failed, s.Slow, s.P50Ms, s.P99Ms, versions.String())
}
