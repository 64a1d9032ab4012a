// Package node is a kubelet whose containers are plain processes. Each pod has a loopback address of its own, each
// Service one on which a proxy listens; all else is as the kubelet does it, as far as a Deployment, a Job or a person
// with kubectl notices.
package node

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
	listersv1 "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Node runs the pods that the scheduler gave to it.
type Node struct {
	name      string
	dir       string
	port      int
	cert      string
	key       string
	ca        string
	server    string
	backoff   time.Duration
	images    Images
	addresses *addresses
	client    kubernetes.Interface
	events    record.EventRecorder
	pods      listersv1.PodLister
	services  listersv1.ServiceLister
	network   *network

	mutex   sync.Mutex
	workers map[types.UID]*worker
	// ended are pods that ran to their end and are still there: an old sight of them doesn't start them again.
	ended map[types.UID]bool
}

// Main gets the arguments behind the subcommand's name and answers with the exit status.
func Main(args []string) int {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)
	node, config, err := parse(args)
	if err == nil {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
		defer stop()
		// The pods' processes end with us: each one's reaper holds a pipe to this process.
		err = node.run(ctx, config)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "playground node: %v\n", err)
		return 1
	}
	return 0
}

func parse(args []string) (*Node, *rest.Config, error) {
	flags := flag.NewFlagSet("node", flag.ContinueOnError)
	node := &Node{workers: map[types.UID]*worker{}, ended: map[types.UID]bool{}}
	kubeconfig := flags.String("kubeconfig", os.Getenv("KUBECONFIG"), "how to reach the API server")
	pods := flags.String("pods", "127.1.0.0/16", "loopback addresses for pods")
	flags.StringVar(&node.name, "name", "playground", "the Node's name")
	flags.StringVar(&node.dir, "dir", "", "folder for the pods' files, logs and hosts files")
	flags.StringVar(&node.images.Dir, "images", "", "folder with one JSON file per image repository")
	flags.IntVar(&node.port, "port", 10250, "where the API server asks for logs")
	flags.StringVar(&node.cert, "cert", "", "certificate for that port")
	flags.StringVar(&node.key, "key", "", "its key")
	flags.StringVar(&node.ca, "ca", "", "who signed the API server's client certificate")
	flags.DurationVar(&node.backoff, "restart-backoff", 10*time.Second, "first pause before a crashed container is started again; doubles")
	if err := flags.Parse(args); err != nil {
		return nil, nil, err
	}
	if node.dir == "" {
		return nil, nil, errors.New("--dir is missing")
	}
	prefix, err := netip.ParsePrefix(*pods)
	if err != nil || !prefix.Addr().IsLoopback() {
		return nil, nil, fmt.Errorf("--pods is %q, which is no range of loopback addresses", *pods)
	}
	node.addresses = newAddresses(prefix)
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	config.QPS, config.Burst = 200, 400
	node.server = config.Host
	node.client, err = kubernetes.NewForConfig(config)
	return node, config, err
}

func (n *Node) run(ctx context.Context, config *rest.Config) error {
	if err := os.MkdirAll(filepath.Join(n.dir, "hosts.d"), 0o755); err != nil {
		return err
	}
	// What an earlier run of this folder left: its processes are gone.
	if err := os.RemoveAll(filepath.Join(n.dir, "pods")); err != nil {
		return err
	}
	broadcaster := record.NewBroadcaster()
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedv1.EventSinkImpl{Interface: n.client.CoreV1().Events("")})
	n.events = broadcaster.NewRecorder(scheme.Scheme, v1.EventSource{Component: "kubelet", Host: n.name})

	if err := n.serveLogs(); err != nil {
		return err
	}
	if err := n.register(ctx); err != nil {
		return err
	}
	return n.follow(ctx)
}

// follow does what the API server's pods and Services say until the context ends.
func (n *Node) follow(ctx context.Context) error {
	mine := informers.NewSharedInformerFactoryWithOptions(n.client, 0, informers.WithTweakListOptions(
		func(options *metav1.ListOptions) {
			options.FieldSelector = fields.OneTermEqualSelector("spec.nodeName", n.name).String()
		}))
	all := informers.NewSharedInformerFactory(n.client, 0)
	pods, services := mine.Core().V1().Pods(), all.Core().V1().Services()
	n.pods, n.services = pods.Lister(), services.Lister()
	n.network = newNetwork(n)

	podHandler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { n.podSeen(object.(*v1.Pod)) },
		UpdateFunc: func(_, object any) { n.podSeen(object.(*v1.Pod)) },
		DeleteFunc: func(object any) { n.podGone(object) },
	}
	serviceHandler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { n.network.changed() },
		UpdateFunc: func(_, _ any) { n.network.changed() },
		DeleteFunc: func(any) { n.network.changed() },
	}
	serviceInformer, podInformer := services.Informer(), pods.Informer()
	if _, err := serviceInformer.AddEventHandler(serviceHandler); err != nil {
		return err
	}
	all.Start(ctx.Done())
	// A pod's first look at its hosts file shall find the Services that were there before it.
	if !cache.WaitForCacheSync(ctx.Done(), serviceInformer.HasSynced) {
		return ctx.Err()
	}
	n.network.refresh()
	if _, err := podInformer.AddEventHandler(podHandler); err != nil {
		return err
	}
	mine.Start(ctx.Done())
	go n.network.run(ctx)
	<-ctx.Done()
	return ctx.Err()
}

func (n *Node) podSeen(pod *v1.Pod) {
	n.network.changed()
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if known, ok := n.workers[pod.UID]; ok {
		known.update(pod)
		return
	}
	if (isOver(pod) || n.ended[pod.UID]) && pod.DeletionTimestamp == nil {
		return
	}
	started := newWorker(n, pod)
	n.workers[pod.UID] = started
	go started.run()
}

// podGone takes what runs of a pod that is no longer there, deleted by force perhaps, down with it.
func (n *Node) podGone(object any) {
	n.network.changed()
	if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	pod, ok := object.(*v1.Pod)
	if !ok {
		return
	}
	n.mutex.Lock()
	known := n.workers[pod.UID]
	delete(n.ended, pod.UID)
	n.mutex.Unlock()
	if known != nil {
		known.terminate(0)
	}
}

// finished forgets a worker whose containers have ended, unless its pod is to be deleted.
func (n *Node) finished(w *worker) bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if w.snapshot().DeletionTimestamp != nil {
		return false
	}
	delete(n.workers, w.uid)
	n.ended[w.uid] = true
	return true
}

func (n *Node) deleted(w *worker) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	delete(n.workers, w.uid)
	n.ended[w.uid] = true
}
