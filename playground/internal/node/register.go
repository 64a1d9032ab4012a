package node

import (
	"context"
	"log"
	"os"
	"runtime"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-base/version"
)

const (
	leaseSeconds   = 40
	heartbeat      = 10 * time.Second
	statusEvery    = 5 * time.Minute // the lease is the sign of life
	registerRetry  = 200 * time.Millisecond
	leaseNamespace = "kube-node-lease"
)

// register tells the API server that we are here, and goes on telling it.
func (n *Node) register(ctx context.Context) error {
	for {
		err := n.writeNode(ctx)
		if err == nil {
			break
		}
		log.Printf("node not registered yet reason=%q", err)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(registerRetry):
		}
	}
	go n.beat(ctx)
	return nil
}

func (n *Node) writeNode(ctx context.Context) error {
	nodes := n.client.CoreV1().Nodes()
	wanted := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.name, Labels: map[string]string{
		"kubernetes.io/hostname": n.name, "kubernetes.io/os": runtime.GOOS, "kubernetes.io/arch": runtime.GOARCH,
	}}}
	node, err := nodes.Create(ctx, wanted, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		node, err = nodes.Get(ctx, n.name, metav1.GetOptions{})
	}
	if err != nil {
		return err
	}
	node.Status = n.status()
	_, err = nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{})
	return err
}

func (n *Node) status() v1.NodeStatus {
	// Processes share the machine as they like: requests shall never be why a pod doesn't run.
	plenty := v1.ResourceList{
		v1.ResourceCPU: resource.MustParse("256"), v1.ResourceMemory: resource.MustParse("1Ti"),
		v1.ResourcePods: resource.MustParse("1000"), v1.ResourceEphemeralStorage: resource.MustParse("1Ti"),
	}
	now := metav1.Now()
	condition := func(kind v1.NodeConditionType, status v1.ConditionStatus, reason string) v1.NodeCondition {
		return v1.NodeCondition{Type: kind, Status: status, Reason: reason, LastHeartbeatTime: now, LastTransitionTime: now}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return v1.NodeStatus{
		Capacity: plenty, Allocatable: plenty,
		Conditions: []v1.NodeCondition{
			condition(v1.NodeReady, v1.ConditionTrue, "KubeletReady"),
			condition(v1.NodeMemoryPressure, v1.ConditionFalse, "KubeletHasSufficientMemory"),
			condition(v1.NodeDiskPressure, v1.ConditionFalse, "KubeletHasNoDiskPressure"),
			condition(v1.NodePIDPressure, v1.ConditionFalse, "KubeletHasSufficientPID"),
		},
		Addresses: []v1.NodeAddress{
			{Type: v1.NodeInternalIP, Address: hostIP}, {Type: v1.NodeHostName, Address: n.name},
		},
		DaemonEndpoints: v1.NodeDaemonEndpoints{KubeletEndpoint: v1.DaemonEndpoint{Port: int32(n.port)}},
		NodeInfo: v1.NodeSystemInfo{
			KubeletVersion: version.Get().GitVersion, OperatingSystem: runtime.GOOS, Architecture: runtime.GOARCH,
			OSImage: "playground", ContainerRuntimeVersion: "processes://1", KernelVersion: firstLine(kernel),
		},
	}
}

func (n *Node) beat(ctx context.Context) {
	leases := time.NewTicker(heartbeat)
	statuses := time.NewTicker(statusEvery)
	defer leases.Stop()
	defer statuses.Stop()
	for {
		if err := n.renewLease(ctx); err != nil && ctx.Err() == nil {
			log.Printf("lease not renewed reason=%q", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-leases.C:
		case <-statuses.C:
			if err := n.writeNode(ctx); err != nil && ctx.Err() == nil {
				log.Printf("node status not written reason=%q", err)
			}
		}
	}
}

func (n *Node) renewLease(ctx context.Context) error {
	leases := n.client.CoordinationV1().Leases(leaseNamespace)
	now, seconds := metav1.NowMicro(), int32(leaseSeconds)
	lease, err := leases.Get(ctx, n.name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(ctx, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: n.name},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: &n.name, LeaseDurationSeconds: &seconds, RenewTime: &now},
		}, metav1.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	lease.Spec.RenewTime = &now
	_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}
