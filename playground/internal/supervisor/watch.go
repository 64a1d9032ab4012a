package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"dev.aviary/playground/internal/process"
)

const (
	restartPause  = 300 * time.Millisecond
	restartLimit  = 5 // within restartWindow; then something is wrong that a restart doesn't mend
	restartWindow = time.Minute
	stopGrace     = 4 * time.Second
	// The API server would wait for its clients' watches; what it was told is in etcd already.
	apiServerGrace = 1500 * time.Millisecond
)

// watch holds the running parts. One that ends by itself, or is killed, is started again with the same arguments, as
// a real control plane's are.
type watch struct {
	dir     string
	failed  chan error
	changed func()

	mutex    sync.Mutex
	order    []string
	running  map[string]*process.Process
	stopping bool
}

func newWatch(dir string) *watch {
	return &watch{dir: dir, failed: make(chan error, 1), changed: func() {}, running: map[string]*process.Process{}}
}

func (w *watch) log(name string) string { return filepath.Join(w.dir, "logs", name+".log") }

func (w *watch) start(name string, command []string) error {
	spec := process.Spec{Command: command, Dir: w.dir, Log: w.log(name), Env: append(seldomCollected(), os.Environ()...)}
	started, err := process.Start(spec)
	if err != nil {
		return fmt.Errorf("%s did not start: %w", name, err)
	}
	w.mutex.Lock()
	w.order = append(w.order, name)
	w.running[name] = started
	w.mutex.Unlock()
	go w.keep(name, spec, started)
	return nil
}

func (w *watch) keep(name string, spec process.Spec, current *process.Process) {
	var ends []time.Time
	for {
		<-current.Done
		ends = append(ends, time.Now())
		if len(ends) > restartLimit {
			ends = ends[1:]
			if time.Since(ends[0]) < restartWindow {
				w.fail(fmt.Errorf("%s ended %d times within %s, last with status %d; the end of %s:\n%s",
					name, restartLimit, restartWindow, current.Status(), spec.Log, tail(spec.Log, 8)))
				return
			}
		}
		time.Sleep(restartPause)
		w.mutex.Lock()
		if w.stopping {
			w.mutex.Unlock()
			return
		}
		next, err := process.Start(spec)
		if err == nil {
			w.running[name] = next
		}
		w.mutex.Unlock()
		if err != nil {
			w.fail(fmt.Errorf("%s did not start again: %w", name, err))
			return
		}
		current = next
		w.changed()
	}
}

func (w *watch) fail(err error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.stopping {
		return
	}
	select {
	case w.failed <- err:
	default:
	}
}

func (w *watch) pids() map[string]int {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	pids := map[string]int{}
	for name, part := range w.running {
		pids[name] = part.Pid
	}
	return pids
}

// stopAll ends the parts that use others first: etcd, which was started first, last.
func (w *watch) stopAll() {
	w.mutex.Lock()
	w.stopping = true
	w.mutex.Unlock()
	var together sync.WaitGroup
	for i := len(w.order) - 1; i >= 0; i-- {
		part := w.running[w.order[i]]
		if w.order[i] == "etcd" || w.order[i] == "kube-apiserver" {
			together.Wait()
		}
		grace := stopGrace
		if w.order[i] == "kube-apiserver" {
			grace = apiServerGrace
		}
		together.Add(1)
		go func() {
			defer together.Done()
			part.Stop(grace)
		}()
	}
	together.Wait()
}

// A quarter of the CPU of an API server's start is its garbage collector's. The memory that this takes is bounded.
func seldomCollected() []string { return []string{"GOGC=400", "GOMEMLIMIT=600MiB"} }
