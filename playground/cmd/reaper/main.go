//go:build linux

// Reaper runs one command and sees to it that nothing of it outlives whoever asked: `reaper [--hosts FILE] -- CMD ARG...`.
//
// Its parent holds the writing end of a pipe on file descriptor 3. When that closes, because the parent ended in
// whatever way, the command and all of its descendants are killed. The same happens to what the command leaves behind
// when it ends by itself. It is a program of its own because there is one for each container, and it must be small.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	lifeline       = 3 // file descriptor
	exitNotStarted = 128
	prSetSubreaper = 36
	killEvery      = 2 * time.Millisecond

	insideFlag           = "--inside"
	capSysAdmin          = 21
	prCapAmbient         = 47
	prCapAmbientClearAll = 4
)

func main() {
	runtime.LockOSThread() // the kernel ends the command when the thread that started it ends
	if len(os.Args) > 4 && os.Args[1] == insideFlag {
		becomeCommand(os.Args[2], os.Args[3], os.Args[4:])
	}
	hosts, command := parse(os.Args[1:])
	if len(command) == 0 {
		fail(errors.New("usage: reaper [--hosts FILE] -- COMMAND ARG..."))
	}
	// What the command's own children leave behind becomes our child, so that we can find and end it.
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, prSetSubreaper, 1, 0); errno != 0 {
		fail(fmt.Errorf("subreaper: %w", errno))
	}
	syscall.CloseOnExec(lifeline)
	path, err := exec.LookPath(command[0])
	if err != nil {
		fail(err)
	}
	child, err := start(path, command, hosts)
	if err != nil {
		fail(err)
	}

	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for s := range signals {
			_ = syscall.Kill(child, s.(syscall.Signal))
		}
	}()
	go func() {
		waitForParentsEnd()
		killAll()
		os.Exit(137)
	}()

	status := wait(child)
	killAll()
	os.Exit(status)
}

func parse(args []string) (hosts string, command []string) {
	if len(args) >= 2 && args[0] == "--hosts" {
		hosts, args = args[1], args[2:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	return hosts, args
}

// start gives the command a mount namespace in which hosts stands at /etc/hosts: by itself for root, for others inside
// a user namespace, where the kernel grants one; else without.
func start(path string, command []string, hosts string) (int, error) {
	attributes := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	process := &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: attributes}
	if hosts == "" {
		return syscall.ForkExec(path, command, process)
	}
	if os.Geteuid() == 0 {
		if err := syscall.Unshare(syscall.CLONE_NEWNS); err == nil {
			_ = mountHosts(hosts)
		}
		return syscall.ForkExec(path, command, process)
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	inside := *attributes
	inside.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS
	inside.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	inside.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	inside.AmbientCaps = []uintptr{capSysAdmin}
	process.Sys = &inside
	if pid, err := syscall.ForkExec(self, append([]string{self, insideFlag, hosts, path}, command...), process); err == nil {
		return pid, nil
	}
	process.Sys = attributes
	return syscall.ForkExec(path, command, process)
}

// becomeCommand is the second half for others than root: it runs in the new namespaces, and turns into the command.
func becomeCommand(hosts, path string, command []string) {
	_ = mountHosts(hosts)
	// The command shall have no more rights than it would have outside.
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prCapAmbient, prCapAmbientClearAll, 0, 0, 0, 0); errno != 0 {
		fail(fmt.Errorf("capabilities: %w", errno))
	}
	fail(syscall.Exec(path, command, os.Environ()))
}

func mountHosts(hosts string) error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	return syscall.Mount(hosts, "/etc/hosts", "", syscall.MS_BIND, "")
}

func waitForParentsEnd() {
	buffer := make([]byte, 1)
	for {
		n, err := syscall.Read(lifeline, buffer)
		if n == 0 || (err != nil && err != syscall.EINTR) {
			return
		}
	}
}

// wait reaps whatever ends until the command itself has; its status is as a shell would say it.
func wait(child int) int {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			fail(err)
		case pid != child:
		case status.Signaled():
			return 128 + int(status.Signal())
		case status.Exited():
			return status.ExitStatus()
		}
	}
}

// killAll ends every child until there is none: the children of each that dies become ours in turn.
func killAll() {
	for {
		for _, pid := range children() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		var status syscall.WaitStatus
		_, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.ECHILD {
			return
		}
		time.Sleep(killEvery)
	}
}

func children() []int {
	self := os.Getpid()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err == nil && parentOf(pid) == self {
			found = append(found, pid)
		}
	}
	return found
}

// parentOf reads the field behind the command's name, which may itself hold blanks and brackets.
func parentOf(pid int) int {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "reaper: %v\n", err)
	os.Exit(exitNotStarted)
}
