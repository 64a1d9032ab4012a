package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The parts' command lines.

func (p *playground) etcdCommand() []string {
	data := filepath.Join(p.dir, "etcd")
	client, peer := p.url("http", "etcd"), p.url("http", "etcd-peer")
	if p.cluster == "envtest" {
		return []string{
			filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "etcd"), "--data-dir=" + data, "--unsafe-no-fsync",
			"--listen-client-urls=" + client, "--advertise-client-urls=" + client, "--log-level=warn",
			"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer,
		}
	}
	return []string{p.self, "etcd", "--data-dir=" + data, "--listen-client-url=" + client, "--listen-peer-url=" + peer}
}

func (p *playground) apiServerCommand() []string {
	command := []string{p.self, "kube-apiserver"}
	if p.cluster == "envtest" {
		command = []string{filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kube-apiserver")}
	}
	command = append(command,
		"--etcd-servers="+p.url("http", "etcd"),
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", p.Ports["apiserver"]),
		"--tls-cert-file="+p.key("apiserver.crt"), "--tls-private-key-file="+p.key("apiserver.key"),
		"--client-ca-file="+p.key("ca.crt"), "--token-auth-file="+p.key("tokens.csv"), "--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+p.key("sa.key"),
		"--service-account-signing-key-file="+p.key("sa.key"),
		"--service-cluster-ip-range="+p.services(),
		// Endpoints can't hold loopback addresses; the node's proxy and the gateway go by the Services' selectors.
		"--endpoint-reconciler-type=none",
		"--kubelet-certificate-authority="+p.key("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate="+p.key("apiserver-kubelet-client.crt"),
		"--kubelet-client-key="+p.key("apiserver-kubelet-client.key"),
		"--profiling=false", "--shutdown-delay-duration=0s", "--v=0",
	)
	if p.minimal && !p.controllers {
		// Nobody would make the ServiceAccounts that it asks for.
		command = append(command, "--disable-admission-plugins=ServiceAccount")
	}
	return command
}

func (p *playground) controllerManagerCommand() []string {
	off := []string{
		"endpoints-controller", "endpointslice-controller", "endpointslice-mirroring-controller",
		"node-ipam-controller", "persistentvolume-attach-detach-controller", "persistentvolume-expander-controller",
		"horizontal-pod-autoscaler-controller", "volumeattributesclass-protection-controller", "ephemeral-volume-controller",
		"legacy-serviceaccount-token-cleaner-controller", "service-cidr-controller",
	}
	return []string{
		p.self, "kube-controller-manager", "--kubeconfig=" + p.controller.file, "--leader-elect=false", "--secure-port=0",
		"--controllers=*,-" + strings.Join(off, ",-"), "--root-ca-file=" + p.key("ca.crt"),
		"--service-account-private-key-file=" + p.key("sa.key"),
		"--kube-api-qps=200", "--kube-api-burst=400", "--profiling=false", "--v=0",
	}
}

func (p *playground) schedulerCommand() []string {
	return []string{
		p.self, "kube-scheduler", "--kubeconfig=" + p.scheduler.file, "--leader-elect=false", "--secure-port=0", "--v=0",
	}
}

func (p *playground) nodeCommand() []string {
	return []string{
		p.self, "node", "--kubeconfig=" + p.node.file, "--dir=" + p.dir, "--images=" + p.images, "--pods=" + p.pods(),
		fmt.Sprintf("--port=%d", p.Ports["kubelet"]), "--restart-backoff=" + p.backoff.String(),
		"--cert=" + p.key("kubelet.crt"), "--key=" + p.key("kubelet.key"), "--ca=" + p.key("ca.crt"),
	}
}

func (p *playground) gatewayCommand() []string {
	return []string{
		p.self, "gateway", "--kubeconfig=" + p.admin.file, "--dir=" + filepath.Join(p.dir, "gateway"),
		"--envoy=" + p.tool("envoy"), fmt.Sprintf("--port=%d", p.Ports["gateway"]),
		fmt.Sprintf("--admin-port=%d", p.Ports["gateway-admin"]),
	}
}

func (p *playground) prometheusCommand() []string {
	return []string{
		p.tool("prometheus"), "--config.file=" + p.prometheusConfig(), "--log.level=warn",
		"--storage.tsdb.path=" + filepath.Join(p.dir, "prometheus", "data"), "--storage.tsdb.retention.time=1d",
		fmt.Sprintf("--web.listen-address=127.0.0.1:%d", p.Ports["prometheus"]),
	}
}

// tool is a program that build.sh put beside ours.
func (p *playground) tool(name string) string { return filepath.Join(p.tools, name) }
