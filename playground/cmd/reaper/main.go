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
	lifeline        = 3 // file descriptor
	exitNotStarted  = 128
	prSetSubreaper  = 36
	killEveryMillis = 20
)

func main() {
	runtime.LockOSThread() // the kernel ends the command when the thread that started it ends
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

// start tries with a mount namespace in which hosts stands at /etc/hosts, and without one where the kernel refuses.
func start(path string, command []string, hosts string) (int, error) {
	attributes := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	process := &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: attributes}
	if hosts != "" && ownHosts(hosts) != nil {
		hosts = ""
	}
	return syscall.ForkExec(path, command, process)
}

// ownHosts gives this process, and so its children, an /etc/hosts of its own.
func ownHosts(hosts string) error {
	if os.Geteuid() != 0 {
		return syscall.EPERM // a user namespace would take a second process; JVMs read the file by jdk.net.hosts.file
	}
	if err := syscall.Unshare(syscall.CLONE_NEWNS); err != nil {
		return err
	}
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
		time.Sleep(killEveryMillis * time.Millisecond / 10)
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
