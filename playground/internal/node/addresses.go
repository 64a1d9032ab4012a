package node

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
)

const hostIP = "127.0.0.1"

// addresses gives each pod one of its own. One that was given back is not given out again for as long as possible:
// who still believes in it shall not meet another pod there.
type addresses struct {
	mutex  sync.Mutex
	prefix netip.Prefix
	last   netip.Addr
	used   map[string]bool
}

func newAddresses(prefix netip.Prefix) *addresses {
	return &addresses{prefix: prefix, last: prefix.Masked().Addr().Next(), used: map[string]bool{}}
}

// take gives the wanted address if it is free, else the next one.
func (a *addresses) take(wanted string) (string, error) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if address, err := netip.ParseAddr(wanted); err == nil && a.prefix.Contains(address) && !a.used[wanted] {
		a.used[wanted] = true
		if a.last.Less(address) {
			a.last = address
		}
		return wanted, nil
	}
	for range 1 << 16 {
		a.last = a.last.Next()
		// The last 256 are not given out: the supervisor holds one of them.
		if bytes := a.last.As4(); !a.prefix.Contains(a.last) || bytes[2] == 255 {
			a.last = a.prefix.Masked().Addr().Next()
			continue
		}
		if text := a.last.String(); !a.used[text] {
			a.used[text] = true
			return text, nil
		}
	}
	return "", fmt.Errorf("all addresses of %s are taken by pods", a.prefix)
}

func (a *addresses) release(address string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	delete(a.used, address)
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}
