package node

import (
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	endpointslice "k8s.io/endpointslice"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
)

const (
	// backendAnnotation of a Service without selector names where it leads: HOST:PORT.
	backendAnnotation = "playground/backend"
	settle            = 30 * time.Millisecond
	dialTimeout       = 2 * time.Second
)

// network makes Services reachable: by name, through hosts files, and by address, through a proxy on each port.
type network struct {
	node *Node
	note chan struct{}

	mutex     sync.Mutex
	listeners map[string]*listener // by "address:port"
	refused   map[string]bool
	written   map[string]string // hosts file to text
	common    string            // lines for every namespace
}

// listener answers on one port of one Service.
type listener struct {
	net.Listener
	mutex     sync.Mutex
	namespace string
	service   string
	port      v1.ServicePort
}

func newNetwork(node *Node) *network {
	return &network{node: node, note: make(chan struct{}, 1), listeners: map[string]*listener{}, refused: map[string]bool{}, written: map[string]string{}}
}

func (n *network) changed() {
	select {
	case n.note <- struct{}{}:
	default:
	}
}

func (n *network) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.note:
		}
		n.refresh()
		if !pause(ctx, settle) {
			return
		}
	}
}

func (n *network) refresh() {
	services, err := n.node.services.List(labels.Everything())
	if err != nil {
		log.Printf("services not listed reason=%q", err)
		return
	}
	sort.Slice(services, func(i, j int) bool {
		return services[i].Namespace+"/"+services[i].Name < services[j].Namespace+"/"+services[j].Name
	})
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.writeHosts(services)
	n.listen(services)
}

// hostsFile is what a JVM reads anew at each look-up; it is moved into place whole.
func (n *network) hostsFile(namespace string) string {
	return filepath.Join(n.node.dir, "hosts.d", namespace)
}

// mountedHostsFile stands at /etc/hosts of the pods' processes where the kernel lets us; so it must stay the same file.
func (n *network) mountedHostsFile(namespace string) string {
	path := n.hostsFile(namespace) + ".mounted"
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if _, known := n.written[path]; !known {
		n.writeNamespace(namespace, n.baseHosts()+n.common)
	}
	return path
}

func (n *network) baseHosts() string {
	text := "127.0.0.1 localhost\n"
	if name, err := os.Hostname(); err == nil {
		text = fmt.Sprintf("127.0.0.1 localhost %s\n", name)
	}
	if own, err := os.ReadFile("/etc/hosts"); err == nil {
		text += string(own) + "\n"
	}
	return text
}

func (n *network) writeHosts(services []*v1.Service) {
	common, everybody := "", ""
	short := map[string]string{}  // namespace to lines with its short names
	owners := map[string]string{} // short name to the first namespace that has it; default goes first
	for _, service := range services {
		if owner, taken := owners[service.Name]; !taken || owner != "default" && service.Namespace == "default" {
			owners[service.Name] = service.Namespace
		}
	}
	for _, service := range services {
		for _, address := range n.addressesOf(service) {
			long := fmt.Sprintf("%s.%s", service.Name, service.Namespace)
			line := fmt.Sprintf("%s %s.svc.cluster.local %s.svc %s", address, long, long, long)
			common += line + "\n"
			short[service.Namespace] += fmt.Sprintf("%s %s\n", address, service.Name)
			if owners[service.Name] == service.Namespace {
				line += " " + service.Name
			}
			everybody += line + "\n"
		}
	}
	n.common = common
	base := n.baseHosts()
	n.write(filepath.Join(n.node.dir, "hosts"), base+everybody)
	for path := range n.written { // namespaces that lost their last Service
		if namespace, ok := strings.CutSuffix(filepath.Base(path), ".mounted"); ok && short[namespace] == "" {
			short[namespace] = ""
		}
	}
	for namespace, lines := range short {
		n.writeNamespace(namespace, base+lines+common)
	}
}

func (n *network) writeNamespace(namespace, text string) {
	n.write(n.hostsFile(namespace), text)
	mounted := n.hostsFile(namespace) + ".mounted"
	if n.written[mounted] == text {
		return
	}
	n.written[mounted] = text
	file, err := os.OpenFile(mounted, os.O_CREATE|os.O_WRONLY, 0o644)
	if err == nil {
		// Written over, then cut: a reader never finds it empty.
		if _, err = file.WriteString(text); err == nil {
			err = file.Truncate(int64(len(text)))
		}
		file.Close()
	}
	if err != nil {
		log.Printf("hosts file not written file=%s reason=%q", mounted, err)
	}
}

func (n *network) write(path, text string) {
	if n.written[path] == text {
		return
	}
	unfinished := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	err := os.WriteFile(unfinished, []byte(text), 0o644)
	if err == nil {
		err = os.Rename(unfinished, path)
	}
	if err != nil {
		log.Printf("hosts file not written file=%s reason=%q", path, err)
		return
	}
	n.written[path] = text
}

// addressesOf is the Service's own address, or its ready pods' if it is headless.
func (n *network) addressesOf(service *v1.Service) []string {
	if service.Spec.ClusterIP != "" && service.Spec.ClusterIP != v1.ClusterIPNone {
		return []string{service.Spec.ClusterIP}
	}
	var addresses []string
	for _, pod := range n.endpoints(service) {
		addresses = append(addresses, pod.Status.PodIP)
	}
	sort.Strings(addresses)
	return addresses
}

func (n *network) endpoints(service *v1.Service) []*v1.Pod {
	if len(service.Spec.Selector) == 0 || n.node.pods == nil {
		return nil
	}
	pods, err := n.node.pods.Pods(service.Namespace).List(labels.SelectorFromSet(service.Spec.Selector))
	if err != nil {
		return nil
	}
	var ready []*v1.Pod
	for _, pod := range pods {
		serves := pod.DeletionTimestamp == nil && podutil.IsPodReady(pod) || service.Spec.PublishNotReadyAddresses
		if serves && pod.Status.PodIP != "" && !podutil.IsPodTerminal(pod) {
			ready = append(ready, pod)
		}
	}
	return ready
}

// listen opens a port for each one that a Service has, and closes those that none has any more.
func (n *network) listen(services []*v1.Service) {
	wanted := map[string]bool{}
	for _, service := range services {
		if service.Spec.ClusterIP == "" || service.Spec.ClusterIP == v1.ClusterIPNone || service.Spec.Type == v1.ServiceTypeExternalName {
			continue
		}
		for _, port := range service.Spec.Ports {
			if port.Protocol != "" && port.Protocol != v1.ProtocolTCP {
				continue
			}
			address := net.JoinHostPort(service.Spec.ClusterIP, fmt.Sprint(port.Port))
			wanted[address] = true
			n.open(address, service, port)
		}
	}
	for address, open := range n.listeners {
		if !wanted[address] {
			open.Close()
			delete(n.listeners, address)
		}
	}
}

func (n *network) open(address string, service *v1.Service, port v1.ServicePort) {
	if known := n.listeners[address]; known != nil {
		known.mutex.Lock()
		known.namespace, known.service, known.port = service.Namespace, service.Name, port
		known.mutex.Unlock()
		return
	}
	opened, err := net.Listen("tcp", address)
	if err != nil {
		if !n.refused[address] {
			n.refused[address] = true
			log.Printf("service %s/%s can't be reached by its address port=%d reason=%q", service.Namespace, service.Name, port.Port, err)
			if port.Port < 1024 && os.Geteuid() != 0 {
				n.node.events.Eventf(service, v1.EventTypeWarning, "PortNotOpened",
					"port %d can be opened by root only here: take one from 1024 on, or go through the gateway", port.Port)
			}
		}
		return
	}
	l := &listener{Listener: opened, namespace: service.Namespace, service: service.Name, port: port}
	n.listeners[address] = l
	go n.accept(l)
}

func (n *network) accept(l *listener) {
	for {
		connection, err := l.Accept()
		if err != nil {
			return
		}
		go n.forward(l, connection.(*net.TCPConn))
	}
}

// forward leads a connection to a ready pod, any of them; without one it is reset, as with a real Service.
func (n *network) forward(l *listener, client *net.TCPConn) {
	defer client.Close()
	backend, err := n.dial(l)
	if err != nil {
		_ = client.SetLinger(0)
		return
	}
	defer backend.Close()
	var both sync.WaitGroup
	both.Add(2)
	copyHalf := func(to, from *net.TCPConn) {
		defer both.Done()
		_, _ = io.Copy(to, from)
		_ = to.CloseWrite()
	}
	go copyHalf(backend, client)
	go copyHalf(client, backend)
	both.Wait()
}

func (n *network) dial(l *listener) (*net.TCPConn, error) {
	l.mutex.Lock()
	namespace, name, port := l.namespace, l.service, l.port
	l.mutex.Unlock()
	service, err := n.node.services.Services(namespace).Get(name)
	if err != nil {
		return nil, err
	}
	if backend := service.Annotations[backendAnnotation]; backend != "" {
		return dialTCP(backend)
	}
	pods := n.endpoints(service)
	if namespace == "default" && name == "kubernetes" {
		return dialTCP(strings.TrimPrefix(n.node.server, "https://"))
	}
	err = fmt.Errorf("service %s/%s has no ready pods", namespace, name)
	for _, at := range rand.Perm(len(pods)) {
		number, problem := endpointslice.FindPort(pods[at], &port)
		if problem != nil {
			err = problem
			continue
		}
		connection, problem := dialTCP(net.JoinHostPort(pods[at].Status.PodIP, fmt.Sprint(number)))
		if problem == nil {
			return connection, nil
		}
		err = problem
	}
	return nil, err
}

func dialTCP(address string) (*net.TCPConn, error) {
	connection, err := net.DialTimeout("tcp", address, dialTimeout)
	if err != nil {
		return nil, err
	}
	return connection.(*net.TCPConn), nil
}
