package node

import "time"

// Kubernetes' own numbers, but for the first pause, which is a setting.
// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
const (
	longestPause = 5 * time.Minute
	wellAfter    = 10 * time.Minute
)

// backoff says how long to wait before the next try: not at all before the first repeat, then twice as long each time.
type backoff struct {
	first time.Duration
	pause time.Duration
	tries int
}

// next is the pause before another try, after one that lasted this long.
func (b *backoff) next(lasted time.Duration) time.Duration {
	if lasted >= wellAfter {
		b.tries = 0
	}
	b.tries++
	switch b.tries {
	case 1:
		return 0
	case 2:
		b.pause = b.first
	default:
		b.pause = min(2*b.pause, longestPause)
	}
	return b.pause
}
