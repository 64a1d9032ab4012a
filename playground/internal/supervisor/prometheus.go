package supervisor

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// As in Prometheus' own example for Kubernetes and in Flagger's chart: pods that ask for it by annotations; every pod
// label becomes a label.
// https://github.com/prometheus/prometheus/blob/main/documentation/examples/prometheus-kubernetes.yml
const prometheusYAML = `global:
  scrape_interval: %[1]s
  scrape_timeout: %[2]s
  evaluation_interval: %[1]s
scrape_configs:
- job_name: kubernetes-pods
  fallback_scrape_protocol: PrometheusText0.0.4
  kubernetes_sd_configs:
  - role: pod
    kubeconfig_file: %[3]s
  relabel_configs:
  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]
    action: keep
    regex: true
  - source_labels: [__meta_kubernetes_pod_phase]
    action: drop
    regex: Pending|Succeeded|Failed
  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scheme]
    action: replace
    target_label: __scheme__
    regex: (https?)
  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path]
    action: replace
    target_label: __metrics_path__
    regex: (.+)
  - source_labels: [__address__, __meta_kubernetes_pod_annotation_prometheus_io_port]
    action: replace
    regex: ([^:]+)(?::\d+)?;(\d+)
    replacement: $1:$2
    target_label: __address__
  - action: labelmap
    regex: __meta_kubernetes_pod_label_(.+)
  - source_labels: [__meta_kubernetes_namespace]
    target_label: kubernetes_namespace
  - source_labels: [__meta_kubernetes_pod_name]
    target_label: kubernetes_pod_name
  - source_labels: [__meta_kubernetes_namespace]
    target_label: namespace
  - source_labels: [__meta_kubernetes_pod_name]
    target_label: pod
- job_name: gateway
  metrics_path: /stats/prometheus
  static_configs:
  - targets: ["127.0.0.1:%[4]d"]
`

func (p *playground) prometheusConfig() string {
	return filepath.Join(p.dir, "prometheus", "prometheus.yml")
}

func (p *playground) writePrometheusConfig() error {
	if err := os.MkdirAll(filepath.Join(p.dir, "prometheus", "data"), 0o755); err != nil {
		return err
	}
	timeout := min(p.scrape, 10*time.Second)
	text := fmt.Sprintf(prometheusYAML, p.scrape, timeout, p.prometheus.file, p.Ports["gateway-admin"])
	return os.WriteFile(p.prometheusConfig(), []byte(text), 0o644)
}
