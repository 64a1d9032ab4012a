// Package process starts programs that can't outlive us: each runs under a reaper that ends it, and all of its
// descendants, as soon as we are gone.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Spec says what to run.
type Spec struct {
	Command []string
	Env     []string // as in os.Environ; nil: our own
	Dir     string
	Hosts   string // a file that the program shall see as /etc/hosts, where the kernel lets us
	Log     string // both of its outputs are appended here
}

// Process is a program that was started, alive or not.
type Process struct {
	// Pid is the reaper's; what hits it, hits the program.
	Pid int
	// Done is closed when the program and all of its descendants are gone.
	Done chan struct{}

	status   int
	lifeline *os.File
}

// Start doesn't wait. Whether the command could be run at all shows in its exit status (128) and its log.
func Start(spec Spec) (*Process, error) {
	reaper, err := reaperPath()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(spec.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()

	var args []string
	if spec.Hosts != "" {
		args = append(args, "--hosts", spec.Hosts)
	}
	command := exec.Command(reaper, append(append(args, "--"), spec.Command...)...)
	command.Dir, command.Env = spec.Dir, spec.Env
	command.Stdout, command.Stderr = log, log
	command.ExtraFiles = []*os.File{read} // becomes file descriptor 3
	// A group of its own: ctrl-C in the terminal is for us to pass on.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		write.Close()
		return nil, err
	}
	started := &Process{Pid: command.Process.Pid, Done: make(chan struct{}), lifeline: write}
	go func() {
		started.status = exitStatus(command.Wait())
		write.Close()
		close(started.Done)
	}()
	return started, nil
}

// Status is known once Done is closed; 128 and more is a signal's number, or 128 itself: it could not be started.
func (p *Process) Status() int { return p.status }

// Signal reaches the program, not its descendants.
func (p *Process) Signal(signal syscall.Signal) {
	select {
	case <-p.Done:
	default:
		_ = syscall.Kill(p.Pid, signal)
	}
}

// Stop asks with SIGTERM, and kills after the grace period.
func (p *Process) Stop(grace time.Duration) {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.Done:
	case <-time.After(grace):
		p.Kill()
		<-p.Done
	}
}

// Kill ends the program and its descendants at once: the reaper does so when its lifeline is cut.
func (p *Process) Kill() { _ = p.lifeline.Close() }

func exitStatus(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		return 128
	case exit.Sys().(syscall.WaitStatus).Signaled():
		return 128 + int(exit.Sys().(syscall.WaitStatus).Signal())
	default:
		return exit.ExitCode()
	}
}

func reaperPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "reaper")
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("the program reaper must lie beside %s, as playground/build.sh puts it: %w", self, err)
	}
	return path, nil
}
