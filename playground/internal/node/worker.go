package node

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// worker runs one pod from its first sight to its deletion.
type worker struct {
	node      *Node
	uid       types.UID
	namespace string
	name      string
	spec      v1.PodSpec
	dir       string
	ip        string
	// alive ends when the pod is being deleted, or has ended.
	alive context.Context
	end   context.CancelFunc
	// dirty holds at most one note that the status has to be written.
	dirty chan struct{}

	mutex       sync.Mutex
	pod         *v1.Pod
	init        []*container
	main        []*container
	grace       time.Duration
	initialized bool
	over        *v1.PodPhase // decided for good
	conditions  map[v1.PodConditionType]v1.PodCondition
	started     metav1.Time
}

func newWorker(node *Node, pod *v1.Pod) *worker {
	w := &worker{
		node: node, uid: pod.UID, namespace: pod.Namespace, name: pod.Name, spec: pod.Spec, pod: pod, dirty: make(chan struct{}, 1),
		dir:        filepath.Join(node.dir, "pods", string(pod.UID)),
		conditions: map[v1.PodConditionType]v1.PodCondition{}, started: metav1.Now(),
	}
	if pod.Status.StartTime != nil {
		w.started = *pod.Status.StartTime
	} else {
		_ = os.RemoveAll(w.logDir()) // of an earlier pod with this name
	}
	w.alive, w.end = context.WithCancel(context.Background())
	for i := range pod.Spec.InitContainers {
		w.init = append(w.init, newContainer(w, &pod.Spec.InitContainers[i], pod.Status.InitContainerStatuses, true))
	}
	for i := range pod.Spec.Containers {
		w.main = append(w.main, newContainer(w, &pod.Spec.Containers[i], pod.Status.ContainerStatuses, false))
	}
	if pod.DeletionTimestamp != nil {
		w.update(pod)
	}
	return w
}

func (w *worker) snapshot() *v1.Pod {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	pod := w.pod.DeepCopy()
	pod.Status.PodIP = w.ip
	return pod
}

// update takes what the API server says now: labels, annotations, and that it is to be deleted.
func (w *worker) update(pod *v1.Pod) {
	w.mutex.Lock()
	w.pod = pod
	w.mutex.Unlock()
	if pod.DeletionTimestamp != nil {
		grace := int64(30)
		if pod.DeletionGracePeriodSeconds != nil {
			grace = *pod.DeletionGracePeriodSeconds
		}
		w.terminate(time.Duration(grace) * time.Second)
	}
}

// terminate may be called again with a shorter grace period before the containers are asked to stop.
func (w *worker) terminate(grace time.Duration) {
	w.mutex.Lock()
	w.grace = grace
	w.mutex.Unlock()
	w.end()
}

func (w *worker) graceLeft() time.Duration {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.grace
}

// note has the status written soon.
func (w *worker) note() {
	select {
	case w.dirty <- struct{}{}:
	default:
	}
}

func (w *worker) event(kind, reason, format string, args ...any) {
	w.node.events.Eventf(w.snapshot(), kind, reason, format, args...)
}

func (w *worker) run() {
	if !isOver(w.snapshot()) {
		w.runContainers()
		w.writeStatus()
	}
	if !w.node.finished(w) {
		w.delete()
		w.node.deleted(w)
	}
	w.node.addresses.release(w.ip)
	_ = os.RemoveAll(w.dir)
}

func isOver(pod *v1.Pod) bool {
	return pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed
}

func (w *worker) runContainers() {
	writing, stop := context.WithCancel(context.Background())
	var writer sync.WaitGroup
	writer.Add(1)
	go func() {
		defer writer.Done()
		w.writeStatuses(writing)
	}()
	defer writer.Wait()
	defer stop()

	ip, err := w.node.addresses.take(w.pod.Status.PodIP)
	if err != nil {
		w.event(v1.EventTypeWarning, "FailedCreatePodSandBox", "%v", err)
		<-w.alive.Done()
		return
	}
	w.mutex.Lock()
	w.ip = ip
	w.mutex.Unlock()
	w.note()
	if !w.prepare() {
		return
	}
	var sidecars sync.WaitGroup
	defer sidecars.Wait()
	enough, stopSidecars := context.WithCancel(w.alive)
	defer stopSidecars()
	if !w.runInit(enough, &sidecars) {
		return
	}
	w.mutex.Lock()
	w.initialized = true
	w.mutex.Unlock()
	w.note()

	var running sync.WaitGroup
	for _, c := range w.main {
		running.Add(1)
		go func() {
			defer running.Done()
			c.run(w.alive)
		}()
	}
	running.Wait()
	w.mutex.Lock()
	phase := phaseOf(w.spec.RestartPolicy, w.main)
	w.over = &phase
	w.mutex.Unlock()
}

// prepare makes folders and volumes; what a volume refers to may come later than the pod.
func (w *worker) prepare() bool {
	for said := ""; ; {
		err := os.MkdirAll(w.dir, 0o755)
		if err == nil {
			err = w.makeVolumes(w.alive, w.snapshot())
		}
		if err == nil {
			return true
		}
		if err.Error() != said && w.alive.Err() == nil {
			said = err.Error()
			w.event(v1.EventTypeWarning, "FailedMount", "MountVolume.SetUp failed for %v", err)
		}
		if !pause(w.alive, time.Second) {
			return false
		}
	}
}

// runInit runs the init containers one after the other; those with restartPolicy Always stay as sidecars.
func (w *worker) runInit(enough context.Context, sidecars *sync.WaitGroup) bool {
	for _, c := range w.init {
		if c.isSidecar() {
			sidecars.Add(1)
			go func() {
				defer sidecars.Done()
				c.run(enough)
			}()
			if !c.awaitStarted(w.alive) {
				return false
			}
			continue
		}
		if c.run(w.alive) != 0 || w.alive.Err() != nil {
			if w.alive.Err() == nil {
				failed := v1.PodFailed
				w.mutex.Lock()
				w.over = &failed
				w.mutex.Unlock()
			}
			return false
		}
	}
	return true
}

func (w *worker) writeStatuses(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.dirty:
			w.writeStatus()
		}
	}
}

// writeStatus tries until the API server has it, or the pod is gone.
func (w *worker) writeStatus() {
	for try := 0; ; try++ {
		status := w.status()
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": w.uid}, "status": status})
		if err == nil {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			_, err = w.node.client.CoreV1().Pods(w.namespace).Patch(ctx, w.name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
			cancel()
		}
		if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return
		}
		log.Printf("pod %s/%s status not written try=%d reason=%q", w.namespace, w.name, try, err)
		time.Sleep(min(time.Duration(try+1)*100*time.Millisecond, 2*time.Second))
	}
}

// delete says to the API server that nothing of the pod is left.
func (w *worker) delete() {
	now := int64(0)
	for try := 0; ; try++ {
		err := w.node.client.CoreV1().Pods(w.namespace).Delete(context.Background(), w.name,
			metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &w.uid}})
		if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return
		}
		log.Printf("pod %s/%s not deleted try=%d reason=%q", w.namespace, w.name, try, err)
		time.Sleep(min(time.Duration(try+1)*100*time.Millisecond, 2*time.Second))
	}
}

func (w *worker) logDir() string {
	return podLogDir(w.node.dir, w.namespace, w.name)
}

func podLogDir(dir, namespace, pod string) string {
	return filepath.Join(dir, "logs", "pods", fmt.Sprintf("%s_%s", namespace, pod))
}
