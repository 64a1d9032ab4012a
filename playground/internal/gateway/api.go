package gateway

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The fields that this gateway obeys, of Gateway API v1 and of Istio's networking v1. Own types and not the projects'
// modules: those would move half of the control plane's dependencies to other versions than Kubernetes' own.
// https://gateway-api.sigs.k8s.io/reference/spec/, https://istio.io/latest/docs/reference/config/networking/

// World is all that the routes follow from, as the API server has it.
type World struct {
	Classes          []GatewayClass
	Gateways         []Gateway
	Routes           []HTTPRoute
	Grants           []ReferenceGrant
	VirtualServices  []VirtualService
	DestinationRules []DestinationRule
	Services         []*corev1.Service
	Pods             []*corev1.Pod
	Namespaces       []*corev1.Namespace
}

type GatewayClass struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ControllerName string `json:"controllerName"`
	} `json:"spec"`
}

type Gateway struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		GatewayClassName string     `json:"gatewayClassName"`
		Listeners        []Listener `json:"listeners"`
	} `json:"spec"`
}

type Listener struct {
	Name          string `json:"name"`
	Hostname      string `json:"hostname"`
	Port          int32  `json:"port"`
	Protocol      string `json:"protocol"`
	AllowedRoutes struct {
		Namespaces struct {
			From     string                `json:"from"`
			Selector *metav1.LabelSelector `json:"selector"`
		} `json:"namespaces"`
	} `json:"allowedRoutes"`
}

type HTTPRoute struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ParentRefs []ParentRef `json:"parentRefs"`
		Hostnames  []string    `json:"hostnames"`
		Rules      []RouteRule `json:"rules"`
	} `json:"spec"`
}

type ParentRef struct {
	Group       *string `json:"group,omitempty"`
	Kind        *string `json:"kind,omitempty"`
	Namespace   *string `json:"namespace,omitempty"`
	Name        string  `json:"name"`
	SectionName *string `json:"sectionName,omitempty"`
	Port        *int32  `json:"port,omitempty"`
}

type RouteRule struct {
	Matches     []RouteMatch  `json:"matches"`
	Filters     []RouteFilter `json:"filters"`
	BackendRefs []BackendRef  `json:"backendRefs"`
	Timeouts    struct {
		Request        string `json:"request"`
		BackendRequest string `json:"backendRequest"`
	} `json:"timeouts"`
}

type RouteMatch struct {
	Path *struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"path"`
	Headers     []NamedMatch `json:"headers"`
	QueryParams []NamedMatch `json:"queryParams"`
	Method      string       `json:"method"`
}

type NamedMatch struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

type RouteFilter struct {
	Type                   string         `json:"type"`
	RequestHeaderModifier  HeaderModifier `json:"requestHeaderModifier"`
	ResponseHeaderModifier HeaderModifier `json:"responseHeaderModifier"`
	URLRewrite             struct {
		Hostname string        `json:"hostname"`
		Path     *PathModifier `json:"path"`
	} `json:"urlRewrite"`
	RequestRedirect struct {
		Scheme     string        `json:"scheme"`
		Hostname   string        `json:"hostname"`
		Path       *PathModifier `json:"path"`
		Port       *int32        `json:"port"`
		StatusCode int           `json:"statusCode"`
	} `json:"requestRedirect"`
	RequestMirror struct {
		BackendRef BackendRef `json:"backendRef"`
		Percent    *int       `json:"percent"`
		Fraction   *struct {
			Numerator   int  `json:"numerator"`
			Denominator *int `json:"denominator"`
		} `json:"fraction"`
	} `json:"requestMirror"`
	CORS struct {
		AllowOrigins     []string `json:"allowOrigins"`
		AllowCredentials bool     `json:"allowCredentials"`
		AllowMethods     []string `json:"allowMethods"`
		AllowHeaders     []string `json:"allowHeaders"`
		ExposeHeaders    []string `json:"exposeHeaders"`
		MaxAge           int      `json:"maxAge"`
	} `json:"cors"`
}

type HeaderModifier struct {
	Set    []NamedMatch `json:"set"`
	Add    []NamedMatch `json:"add"`
	Remove []string     `json:"remove"`
}

type PathModifier struct {
	Type               string `json:"type"`
	ReplaceFullPath    string `json:"replaceFullPath"`
	ReplacePrefixMatch string `json:"replacePrefixMatch"`
}

type BackendRef struct {
	Group     *string       `json:"group"`
	Kind      *string       `json:"kind"`
	Namespace *string       `json:"namespace"`
	Name      string        `json:"name"`
	Port      *int32        `json:"port"`
	Weight    *int64        `json:"weight"`
	Filters   []RouteFilter `json:"filters"`
}

type ReferenceGrant struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		From []struct {
			Group     string `json:"group"`
			Kind      string `json:"kind"`
			Namespace string `json:"namespace"`
		} `json:"from"`
		To []struct {
			Group string  `json:"group"`
			Kind  string  `json:"kind"`
			Name  *string `json:"name"`
		} `json:"to"`
	} `json:"spec"`
}

type VirtualService struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Hosts    []string    `json:"hosts"`
		Gateways []string    `json:"gateways"`
		HTTP     []IstioRule `json:"http"`
	} `json:"spec"`
}

type IstioRule struct {
	Name             string              `json:"name"`
	Match            []IstioMatch        `json:"match"`
	Route            []IstioDestinations `json:"route"`
	Redirect         *IstioRedirect      `json:"redirect"`
	DirectResponse   *IstioDirect        `json:"directResponse"`
	Delegate         *struct{}           `json:"delegate"`
	Rewrite          *IstioRewrite       `json:"rewrite"`
	Timeout          string              `json:"timeout"`
	Retries          *IstioRetries       `json:"retries"`
	Mirror           *IstioDestination   `json:"mirror"`
	MirrorPercentage *struct {
		Value float64 `json:"value"`
	} `json:"mirrorPercentage"`
	MirrorPercent *int           `json:"mirrorPercent"`
	Mirrors       []IstioMirror  `json:"mirrors"`
	Headers       IstioHeaders   `json:"headers"`
	CORSPolicy    *IstioCORS     `json:"corsPolicy"`
	Fault         map[string]any `json:"fault"`
}

type IstioMatch struct {
	Name            string                 `json:"name"`
	URI             *StringMatch           `json:"uri"`
	Method          *StringMatch           `json:"method"`
	Authority       *StringMatch           `json:"authority"`
	Scheme          *StringMatch           `json:"scheme"`
	Headers         map[string]StringMatch `json:"headers"`
	WithoutHeaders  map[string]StringMatch `json:"withoutHeaders"`
	QueryParams     map[string]StringMatch `json:"queryParams"`
	IgnoreURICase   bool                   `json:"ignoreUriCase"`
	SourceLabels    map[string]string      `json:"sourceLabels"`
	SourceNamespace string                 `json:"sourceNamespace"`
}

type StringMatch struct {
	Exact  *string `json:"exact"`
	Prefix *string `json:"prefix"`
	Regex  *string `json:"regex"`
}

type IstioDestinations struct {
	Destination IstioDestination `json:"destination"`
	Weight      int64            `json:"weight"`
	Headers     IstioHeaders     `json:"headers"`
}

type IstioDestination struct {
	Host   string `json:"host"`
	Subset string `json:"subset"`
	Port   struct {
		Number int32 `json:"number"`
	} `json:"port"`
}

type IstioMirror struct {
	Destination IstioDestination `json:"destination"`
	Percentage  *struct {
		Value float64 `json:"value"`
	} `json:"percentage"`
}

type IstioHeaders struct {
	Request  IstioHeaderOperations `json:"request"`
	Response IstioHeaderOperations `json:"response"`
}

type IstioHeaderOperations struct {
	Set    map[string]string `json:"set"`
	Add    map[string]string `json:"add"`
	Remove []string          `json:"remove"`
}

type IstioRewrite struct {
	URI             string `json:"uri"`
	Authority       string `json:"authority"`
	URIRegexRewrite *struct {
		Match   string `json:"match"`
		Rewrite string `json:"rewrite"`
	} `json:"uriRegexRewrite"`
}

type IstioRedirect struct {
	URI          string `json:"uri"`
	Authority    string `json:"authority"`
	Scheme       string `json:"scheme"`
	Port         int32  `json:"port"`
	RedirectCode int    `json:"redirectCode"`
}

type IstioDirect struct {
	Status int `json:"status"`
	Body   *struct {
		String string `json:"string"`
	} `json:"body"`
}

type IstioRetries struct {
	Attempts      int    `json:"attempts"`
	PerTryTimeout string `json:"perTryTimeout"`
	RetryOn       string `json:"retryOn"`
}

type IstioCORS struct {
	AllowOrigin      []string      `json:"allowOrigin"`
	AllowOrigins     []StringMatch `json:"allowOrigins"`
	AllowMethods     []string      `json:"allowMethods"`
	AllowHeaders     []string      `json:"allowHeaders"`
	ExposeHeaders    []string      `json:"exposeHeaders"`
	MaxAge           string        `json:"maxAge"`
	AllowCredentials *bool         `json:"allowCredentials"`
}

type DestinationRule struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		Host          string        `json:"host"`
		TrafficPolicy TrafficPolicy `json:"trafficPolicy"`
		Subsets       []struct {
			Name          string            `json:"name"`
			Labels        map[string]string `json:"labels"`
			TrafficPolicy *TrafficPolicy    `json:"trafficPolicy"`
		} `json:"subsets"`
	} `json:"spec"`
}

type TrafficPolicy struct {
	LoadBalancer struct {
		Simple string `json:"simple"`
	} `json:"loadBalancer"`
	ConnectionPool struct {
		TCP struct {
			MaxConnections int    `json:"maxConnections"`
			ConnectTimeout string `json:"connectTimeout"`
		} `json:"tcp"`
		HTTP struct {
			HTTP1MaxPendingRequests int `json:"http1MaxPendingRequests"`
			HTTP2MaxRequests        int `json:"http2MaxRequests"`
		} `json:"http"`
	} `json:"connectionPool"`
	OutlierDetection *struct {
		Consecutive5xxErrors *int   `json:"consecutive5xxErrors"`
		Interval             string `json:"interval"`
		BaseEjectionTime     string `json:"baseEjectionTime"`
		MaxEjectionPercent   *int   `json:"maxEjectionPercent"`
	} `json:"outlierDetection"`
}
