package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"dev.aviary/playground/internal/process"
)

const (
	exitStartError = 128
	pullBackoff    = 10 * time.Second
	keptLogs       = 3
)

// container runs again and again, as the pod's restart policy wants it.
type container struct {
	worker *worker
	spec   *v1.Container
	isInit bool

	// Guarded by the worker's mutex.
	state    v1.ContainerState
	last     v1.ContainerState
	restarts int32
	id       string
	ready    bool
	started  bool
	runs     bool // its process is there

	hasStarted chan struct{} // closed at the first start (and passed startup probe)
}

// newContainer goes on counting where the API server's status ends: the processes of an earlier node are gone.
func newContainer(w *worker, spec *v1.Container, statuses []v1.ContainerStatus, isInit bool) *container {
	c := &container{worker: w, spec: spec, isInit: isInit, hasStarted: make(chan struct{})}
	c.state.Waiting = &v1.ContainerStateWaiting{Reason: "ContainerCreating"}
	if isInit || len(w.spec.InitContainers) > 0 {
		c.state.Waiting.Reason = "PodInitializing"
	}
	for _, status := range statuses {
		if status.Name != spec.Name || status.ContainerID == "" {
			continue
		}
		c.restarts = status.RestartCount + 1
		c.last = status.LastTerminationState
		if status.State.Running != nil {
			c.last.Terminated = &v1.ContainerStateTerminated{ExitCode: 137, Reason: "Error", Message: "the node was restarted",
				StartedAt: status.State.Running.StartedAt, FinishedAt: metav1.Now(), ContainerID: status.ContainerID}
		}
	}
	return c
}

func (c *container) isSidecar() bool {
	return c.isInit && c.spec.RestartPolicy != nil && *c.spec.RestartPolicy == v1.ContainerRestartPolicyAlways
}

// set changes the container's state and has it reported.
func (c *container) set(change func()) {
	c.worker.mutex.Lock()
	change()
	c.worker.mutex.Unlock()
	c.worker.note()
}

func (c *container) wait(reason, message string) {
	c.set(func() {
		c.ready, c.started, c.runs = false, false, false
		c.state = v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: reason, Message: message}}
	})
}

func (c *container) awaitStarted(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-c.hasStarted:
		return true
	}
}

// run returns the last exit status when the container won't be started again.
func (c *container) run(alive context.Context) int {
	pauses := backoff{first: c.worker.node.backoff}
	for {
		begin := time.Now()
		status, ok := c.once(alive)
		if !ok || !c.again(status) {
			return status
		}
		length := pauses.next(time.Since(begin))
		if length > 0 {
			ended := c.terminated()
			c.set(func() { c.last.Terminated = ended })
			pod := c.worker.snapshot()
			message := fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)", length, c.spec.Name, pod.Name, pod.Namespace, pod.UID)
			c.wait("CrashLoopBackOff", message)
			c.worker.event(v1.EventTypeWarning, "BackOff", "Back-off restarting failed container %s in pod %s", c.spec.Name, pod.Name)
		}
		if !pause(alive, length) {
			return status
		}
		c.set(func() {
			if c.state.Terminated != nil {
				c.last.Terminated = c.state.Terminated
			}
			c.restarts++
		})
	}
}

func (c *container) terminated() *v1.ContainerStateTerminated {
	c.worker.mutex.Lock()
	defer c.worker.mutex.Unlock()
	return c.state.Terminated
}

func (c *container) again(status int) bool {
	if c.worker.alive.Err() != nil {
		return false
	}
	if c.isSidecar() {
		return true
	}
	switch c.worker.spec.RestartPolicy {
	case v1.RestartPolicyNever:
		return false
	case v1.RestartPolicyOnFailure:
		return status != 0
	default:
		return !c.isInit || status != 0
	}
}

// once runs the container until its process ends; false if the pod ended before there was one.
func (c *container) once(alive context.Context) (int, bool) {
	image, ok := c.pull(alive)
	if !ok {
		return 0, false
	}
	spec, ok := c.configure(alive, image)
	if !ok {
		return 0, false
	}
	if len(spec.Command) == 0 {
		return c.didNotStart(errors.New("no command specified: neither the image nor the container names one")), true
	}
	if err := findCommand(spec); err != nil {
		return c.didNotStart(err), true
	}
	started, err := process.Start(spec)
	if err != nil {
		return c.didNotStart(err), true
	}
	begin := metav1.Now()
	c.set(func() {
		c.id = fmt.Sprintf("process://%s-%s-%d", c.worker.uid, c.spec.Name, c.restarts)
		c.state = v1.ContainerState{Running: &v1.ContainerStateRunning{StartedAt: begin}}
		c.started = c.spec.StartupProbe == nil
		c.ready = c.started && c.spec.ReadinessProbe == nil
		c.runs = true
	})
	c.worker.event(v1.EventTypeNormal, "Started", "Started container %s", c.spec.Name)
	c.accompany(alive, started, spec.Env)
	return c.ended(started, begin), true
}

// pull finds the image, and tries again with back-off while there is none.
func (c *container) pull(alive context.Context) (Image, bool) {
	pauses := backoff{first: pullBackoff}
	pauses.next(0)
	for {
		image, err := c.worker.node.images.Find(c.spec.Image)
		if err == nil {
			return image, true
		}
		c.wait("ErrImagePull", err.Error())
		c.worker.event(v1.EventTypeWarning, "Failed", "Failed to pull image %q: %v", c.spec.Image, err)
		if !pause(alive, time.Second) { // so that a person who watches sees why
			return Image{}, false
		}
		c.wait("ImagePullBackOff", fmt.Sprintf("Back-off pulling image %q: %v", c.spec.Image, err))
		c.worker.event(v1.EventTypeNormal, "BackOff", "Back-off pulling image %q", c.spec.Image)
		if !pause(alive, pauses.next(0)) {
			return Image{}, false
		}
	}
}

// configure resolves what the container is started with; a ConfigMap may come later than the pod.
func (c *container) configure(alive context.Context, image Image) (process.Spec, bool) {
	dir := filepath.Join(c.worker.dir, "containers", c.spec.Name)
	for said := ""; ; {
		spec, err := c.specification(alive, image, dir)
		if err == nil {
			return spec, true
		}
		if err.Error() != said && alive.Err() == nil {
			said = err.Error()
			c.wait("CreateContainerConfigError", said)
			c.worker.event(v1.EventTypeWarning, "Failed", "Error: %v", err)
		}
		if !pause(alive, time.Second) {
			return process.Spec{}, false
		}
	}
}

func (c *container) specification(ctx context.Context, image Image, dir string) (process.Spec, error) {
	w, pod := c.worker, c.worker.snapshot()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return process.Spec{}, err
	}
	given := w.node.given(w, dir)
	for name, value := range image.Env {
		given[name] = value
	}
	env, err := environment(pod, c.spec, given, apiValues{w.node, ctx})
	if err != nil {
		return process.Spec{}, err
	}
	mounts := w.mountsOf(pod, c.spec)
	command := commandOf(c.spec, image, env, mounts)
	for name, value := range env {
		if _, fixed := given[name]; !fixed {
			env[name] = here(value, mounts)
		}
	}
	workingDir := dir
	for _, wanted := range []string{image.WorkingDir, here(c.spec.WorkingDir, mounts)} {
		if info, err := os.Stat(wanted); wanted != "" && err == nil && info.IsDir() {
			workingDir = wanted
		}
	}
	log, err := c.newLog()
	return process.Spec{Command: command, Env: asList(env), Dir: workingDir, Log: log, Hosts: w.node.network.mountedHostsFile(pod.Namespace)}, err
}

// newLog names the file of this run, and removes those of long ago.
func (c *container) newLog() (string, error) {
	dir := c.worker.logDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	c.worker.mutex.Lock()
	run := c.restarts
	c.worker.mutex.Unlock()
	_ = os.Remove(logFile(dir, c.spec.Name, run-keptLogs))
	path := logFile(dir, c.spec.Name, run)
	return path, os.WriteFile(path, nil, 0o644)
}

func logFile(dir, container string, run int32) string {
	return filepath.Join(dir, fmt.Sprintf("%s.%d.log", container, run))
}

func findCommand(spec process.Spec) error {
	name := spec.Command[0]
	path := ""
	for _, variable := range spec.Env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			path = value
		}
	}
	candidates := []string{name}
	switch {
	case strings.ContainsRune(name, '/') && !filepath.IsAbs(name):
		candidates = []string{filepath.Join(spec.Dir, name)}
	case !strings.ContainsRune(name, '/'):
		candidates = nil
		for _, dir := range filepath.SplitList(path) {
			candidates = append(candidates, filepath.Join(dir, name))
		}
	}
	reason := error(exec.ErrNotFound)
	for _, candidate := range candidates {
		info, err := os.Stat(candidate)
		switch {
		case err != nil:
		case info.IsDir() || info.Mode()&0o111 == 0:
			reason = errors.New("permission denied")
		default:
			spec.Command[0] = candidate
			return nil
		}
	}
	return fmt.Errorf("exec: %q: %w", name, reason)
}

func (c *container) didNotStart(err error) int {
	message := fmt.Sprintf("failed to start container %q: %v", c.spec.Name, err)
	now := metav1.Now()
	c.set(func() {
		c.ready, c.started, c.runs = false, false, false
		c.id = fmt.Sprintf("process://%s-%s-%d", c.worker.uid, c.spec.Name, c.restarts)
		c.state = v1.ContainerState{Terminated: &v1.ContainerStateTerminated{
			ExitCode: exitStartError, Reason: "StartError", Message: message, StartedAt: now, FinishedAt: now, ContainerID: c.id}}
	})
	c.worker.event(v1.EventTypeWarning, "Failed", "Error: %s", message)
	return exitStartError
}

// accompany returns when the process has ended: by itself, because it isn't alive by its probe, or because the pod ends.
func (c *container) accompany(alive context.Context, running *process.Process, env []string) {
	probes, stop := context.WithCancel(alive)
	defer stop()
	unhealthy := make(chan struct{}, 1)
	go c.probe(probes, env, unhealthy)
	select {
	case <-running.Done:
	case <-unhealthy:
		stop()
		c.set(func() { c.ready = false })
		running.Stop(c.gracePeriod())
	case <-alive.Done():
		c.stop(running, env)
	}
}

func (c *container) gracePeriod() time.Duration {
	if seconds := c.worker.spec.TerminationGracePeriodSeconds; seconds != nil {
		return time.Duration(*seconds) * time.Second
	}
	return 30 * time.Second
}

// stop runs the preStop hook first, if there is one; both share the grace period.
func (c *container) stop(running *process.Process, env []string) {
	deadline := time.Now().Add(c.worker.graceLeft())
	c.worker.event(v1.EventTypeNormal, "Killing", "Stopping container %s", c.spec.Name)
	if c.spec.Lifecycle != nil && c.spec.Lifecycle.PreStop != nil {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		switch hook := c.spec.Lifecycle.PreStop; {
		case hook.Sleep != nil:
			pause(ctx, time.Duration(hook.Sleep.Seconds)*time.Second)
		case hook.Exec != nil:
			_ = askCommand(ctx, hook.Exec.Command, env)
		case hook.HTTPGet != nil:
			_ = askHTTP(ctx, hook.HTTPGet, c.spec, c.worker.ip)
		}
		cancel()
	}
	running.Stop(max(0, time.Until(deadline)))
}

func (c *container) probe(ctx context.Context, env []string, unhealthy chan<- struct{}) {
	ask := func(probe *v1.Probe) func(context.Context) error { return asker(probe, c.spec, c.worker.ip, env) }
	tellUnhealthy := func(kind string, why error) {
		c.worker.event(v1.EventTypeWarning, "Unhealthy", "%s probe failed: %v", kind, why)
		c.worker.event(v1.EventTypeNormal, "Killing", "Container %s failed %s probe, will be restarted", c.spec.Name, strings.ToLower(kind))
		select {
		case unhealthy <- struct{}{}:
		default:
		}
	}
	if probe := c.spec.StartupProbe; probe != nil {
		passed := false
		watchProbe(ctx, probe, false, ask(probe), func(ok bool, why error) bool {
			passed = ok
			if !ok {
				tellUnhealthy("Startup", why)
			}
			return true
		})
		if !passed {
			return
		}
		c.set(func() { c.started, c.ready = true, c.spec.ReadinessProbe == nil })
	}
	c.worker.mutex.Lock()
	select {
	case <-c.hasStarted:
	default:
		close(c.hasStarted)
	}
	c.worker.mutex.Unlock()
	if probe := c.spec.LivenessProbe; probe != nil {
		go watchProbe(ctx, probe, true, ask(probe), func(ok bool, why error) bool {
			if !ok {
				tellUnhealthy("Liveness", why)
			}
			return !ok
		})
	}
	if probe := c.spec.ReadinessProbe; probe != nil {
		watchProbe(ctx, probe, false, ask(probe), func(ok bool, why error) bool {
			c.worker.mutex.Lock()
			changed := c.runs && c.ready != ok
			c.worker.mutex.Unlock()
			if changed {
				c.set(func() { c.ready = ok })
			}
			if !ok {
				c.worker.event(v1.EventTypeWarning, "Unhealthy", "Readiness probe failed: %v", why)
			}
			return false
		})
	}
}

func (c *container) ended(running *process.Process, begin metav1.Time) int {
	status := running.Status()
	reason := "Error"
	if status == 0 {
		reason = "Completed"
	}
	c.set(func() {
		c.ready, c.started, c.runs = false, false, false
		c.state = v1.ContainerState{Terminated: &v1.ContainerStateTerminated{
			ExitCode: int32(status), Reason: reason, StartedAt: begin, FinishedAt: metav1.Now(), ContainerID: c.id}}
	})
	return status
}
