package node

import (
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/apis/core/v1/helper/qos"
)

// phaseOf is the kubelet's rule; its caller holds the worker's mutex.
// https://github.com/kubernetes/kubernetes/blob/v1.34.4/pkg/kubelet/kubelet_pods.go (getPhase)
func phaseOf(policy v1.RestartPolicy, containers []*container) v1.PodPhase {
	var waiting, running, succeeded, failed int
	for _, c := range containers {
		ended := c.state.Terminated
		if c.state.Waiting != nil && c.last.Terminated != nil {
			ended = c.last.Terminated // it ran, and will again
		}
		switch {
		case c.state.Running != nil:
			running++
		case ended == nil:
			waiting++
		case ended.ExitCode == 0:
			succeeded++
		default:
			failed++
		}
	}
	switch {
	case waiting > 0:
		return v1.PodPending
	case running > 0 || policy == v1.RestartPolicyAlways:
		return v1.PodRunning
	case failed == 0:
		return v1.PodSucceeded
	case policy == v1.RestartPolicyNever:
		return v1.PodFailed
	default:
		return v1.PodRunning // OnFailure: it is started again
	}
}

func (w *worker) status() v1.PodStatus {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	phase := w.phase()
	isOver := phase == v1.PodSucceeded || phase == v1.PodFailed
	allReady, unready := !isOver, ""
	for _, c := range append(w.sidecars(), w.main...) {
		if !c.ready {
			allReady = false
			unready += " " + c.spec.Name
		}
	}
	ready := allReady
	for _, gate := range w.spec.ReadinessGates {
		ready = ready && hasCondition(w.pod, gate.ConditionType)
	}
	w.condition(v1.PodReadyToStartContainers, w.ip != "" && !isOver, "", "")
	w.condition(v1.PodInitialized, w.initialized || len(w.init) == 0, reasonUnless(w.initialized || len(w.init) == 0, "ContainersNotInitialized"), "")
	why, message := "", ""
	switch {
	case phase == v1.PodSucceeded:
		why = "PodCompleted"
	case phase == v1.PodFailed:
		why = "PodFailed"
	case !allReady:
		why, message = "ContainersNotReady", "containers with unready status:"+unready
	}
	w.condition(v1.ContainersReady, allReady, why, message)
	if allReady && !ready {
		why, message = "ReadinessGatesNotReady", "a readiness gate's condition isn't true"
	}
	w.condition(v1.PodReady, ready, why, message)

	status := v1.PodStatus{
		Phase: phase, HostIP: hostIP, HostIPs: []v1.HostIP{{IP: hostIP}}, StartTime: &w.started,
		QOSClass: qos.GetPodQOS(w.pod), ObservedGeneration: w.pod.Generation,
	}
	if w.ip != "" {
		status.PodIP, status.PodIPs = w.ip, []v1.PodIP{{IP: w.ip}}
	}
	for _, kind := range []v1.PodConditionType{v1.PodReadyToStartContainers, v1.PodInitialized, v1.ContainersReady, v1.PodReady} {
		status.Conditions = append(status.Conditions, w.conditions[kind])
	}
	for _, c := range w.init {
		status.InitContainerStatuses = append(status.InitContainerStatuses, c.status())
	}
	for _, c := range w.main {
		status.ContainerStatuses = append(status.ContainerStatuses, c.status())
	}
	return status
}

func (w *worker) phase() v1.PodPhase {
	switch {
	case w.over != nil && w.alive.Err() == nil:
		return *w.over
	case w.alive.Err() != nil && w.noneRuns():
		// Deleted: what was stopped has succeeded or failed by its exit status, whatever the restart policy.
		if phase := phaseOf(v1.RestartPolicyNever, w.main); phase != v1.PodRunning {
			return phase
		}
		return v1.PodFailed
	case !w.initialized && len(w.init) > 0:
		return v1.PodPending
	default:
		return phaseOf(w.spec.RestartPolicy, w.main)
	}
}

func (w *worker) noneRuns() bool {
	for _, c := range append(w.sidecars(), w.main...) {
		if c.runs {
			return false
		}
	}
	return true
}

func (w *worker) sidecars() []*container {
	var sidecars []*container
	for _, c := range w.init {
		if c.isSidecar() {
			sidecars = append(sidecars, c)
		}
	}
	return sidecars
}

// condition keeps the time of the last change.
func (w *worker) condition(kind v1.PodConditionType, is bool, reason, message string) {
	status := v1.ConditionFalse
	if is {
		status, reason, message = v1.ConditionTrue, "", ""
	}
	now := v1.PodCondition{
		Type: kind, Status: status, Reason: reason, Message: message,
		LastTransitionTime: metav1.Now(), ObservedGeneration: w.pod.Generation,
	}
	if before, ok := w.conditions[kind]; ok && before.Status == status {
		now.LastTransitionTime = before.LastTransitionTime
	}
	w.conditions[kind] = now
}

func reasonUnless(is bool, reason string) string {
	if is {
		return ""
	}
	return reason
}

func hasCondition(pod *v1.Pod, kind v1.PodConditionType) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == kind {
			return condition.Status == v1.ConditionTrue
		}
	}
	return false
}

func (c *container) status() v1.ContainerStatus {
	started := c.started
	return v1.ContainerStatus{
		Name: c.spec.Name, Image: c.spec.Image, ContainerID: c.id,
		State: *c.state.DeepCopy(), LastTerminationState: *c.last.DeepCopy(),
		Ready: c.ready || c.isInit && c.state.Terminated != nil && c.state.Terminated.ExitCode == 0, RestartCount: c.restarts, Started: &started,
	}
}
