package supervisor

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"path/filepath"
)

const (
	ranges    = 120
	guardPort = 30999
)

// addresses are a playground's own: ports on 127.0.0.1 and a slice of 127.0.0.0/8 for pods and Services, so that
// several playgrounds fit on one machine. A folder keeps its addresses over restarts, because etcd remembers them.
type addresses struct {
	Range int            `json:"range"`
	Ports map[string]int `json:"ports"`
	taken net.Listener
}

func (a *addresses) pods() string     { return fmt.Sprintf("127.%d.0.0/16", a.Range) }
func (a *addresses) services() string { return fmt.Sprintf("127.%d.0.0/16", 128+a.Range) }
func (a *addresses) url(scheme, part string) string {
	return fmt.Sprintf("%s://127.0.0.1:%d", scheme, a.Ports[part])
}

// takeAddresses fails if another playground has taken this folder's slice meanwhile.
func takeAddresses(dir string, wanted map[string]int) (*addresses, error) {
	path := filepath.Join(dir, "addresses.json")
	mine := &addresses{Ports: map[string]int{}}
	if text, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(text, mine); err != nil {
			return nil, fmt.Errorf("%s can't be read (%w): take another --dir, or --fresh", path, err)
		}
	}
	if err := mine.takeRange(dir); err != nil {
		return nil, err
	}
	for part, port := range wanted {
		if err := mine.takePort(part, port); err != nil {
			mine.taken.Close()
			return nil, err
		}
	}
	text, err := json.Marshal(mine)
	if err != nil {
		return nil, err
	}
	return mine, os.WriteFile(path, text, 0o644)
}

// takeRange holds a port in the slice for as long as we live; the kernel gives it back when we end. Where the search
// begins depends on the folder: so another one seldom takes its slice while it rests.
func (a *addresses) takeRange(dir string) error {
	if a.Range != 0 {
		return a.guard(a.Range)
	}
	hash := fnv.New32a()
	hash.Write([]byte(dir))
	for i := range ranges {
		if candidate := 1 + (int(hash.Sum32()%ranges)+i)%ranges; a.guard(candidate) == nil {
			a.Range = candidate
			return nil
		}
	}
	return fmt.Errorf("all %d slices of 127.0.0.0/8 are taken by other playgrounds: end one of them", ranges)
}

func (a *addresses) guard(slice int) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.%d.255.254:%d", slice, guardPort))
	if err != nil {
		return fmt.Errorf("another playground uses this folder's addresses, 127.%d.0.0/16, now: end it, or start with --fresh (%w)", slice, err)
	}
	a.taken = listener
	return nil
}

// takePort takes the port that was asked for, or the one of last time if it is still free, or any.
func (a *addresses) takePort(part string, asked int) error {
	if asked != 0 {
		if !free(asked) {
			return fmt.Errorf("port %d, wanted for %s, is taken: end what listens there, or name another port", asked, part)
		}
		a.Ports[part] = asked
		return nil
	}
	if a.Ports[part] != 0 && free(a.Ports[part]) {
		return nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	a.Ports[part] = listener.Addr().(*net.TCPAddr).Port
	return nil
}

func free(port int) bool {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	listener.Close()
	return true
}
