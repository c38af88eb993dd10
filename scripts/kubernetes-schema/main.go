// Writes how the kinds of Kubernetes are laid out in protobuf and in JSON, as the Go types of k8s.io/api say it in their tags, and
// samples of every kind in both forms. scripts/kubernetes-schema.ts runs it and says where the results go.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/scheme"
)

// Types with a form of their own in JSON.
var special = map[reflect.Type]string{
	reflect.TypeOf(metav1.Time{}):          "time",
	reflect.TypeOf(metav1.MicroTime{}):     "microtime",
	reflect.TypeOf(metav1.Duration{}):      "duration",
	reflect.TypeOf(resource.Quantity{}):    "quantity",
	reflect.TypeOf(intstr.IntOrString{}):   "intorstring",
	reflect.TypeOf(runtime.RawExtension{}): "json",
	reflect.TypeOf(metav1.FieldsV1{}):      "json",
}

var objectMeta = reflect.TypeOf(metav1.ObjectMeta{})

type layouts struct {
	places map[reflect.Type]int
	types  [][]string
}

func (l *layouts) place(t reflect.Type) int {
	if at, ok := l.places[t]; ok {
		return at
	}
	at := len(l.types)
	l.places[t] = at
	l.types = append(l.types, nil)
	fields := []string{}
	for i := 0; i < t.NumField(); i++ {
		if text := l.field(t.Field(i)); text != "" {
			fields = append(fields, text)
		}
	}
	l.types[at] = fields
	return at
}

// NUMBER NAME TYPE FLAGS: r repeated, m map, p pointer, e left out when empty, i fields of the value are those of the parent.
func (l *layouts) field(f reflect.StructField) string {
	proto := f.Tag.Get("protobuf")
	if proto == "" || proto == "-" {
		return ""
	}
	parts := strings.Split(proto, ",")
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	flags := ""
	if strings.Contains(","+options+",", ",inline,") || (name == "" && f.Anonymous) {
		flags += "i"
	}
	if strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero") {
		flags += "e"
	}
	t := f.Type
	if t.Kind() == reflect.Ptr {
		flags += "p"
		t = t.Elem()
	}
	kind := ""
	switch {
	case special[t] != "":
		kind = special[t]
	case t.Kind() == reflect.Map:
		flags += "m"
		kind = l.kind(t.Elem())
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		kind = "bytes"
	case t.Kind() == reflect.Slice && !isMessage(t):
		flags += "r"
		element := t.Elem()
		if element.Kind() == reflect.Ptr {
			element = element.Elem()
		}
		kind = l.kind(element)
	default:
		kind = l.kind(t)
	}
	if name == "" {
		name = "-"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", parts[1], name, kind, flags))
}

func (l *layouts) kind(t reflect.Type) string {
	if name := special[t]; name != "" {
		return name
	}
	switch t.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint32, reflect.Uint64, reflect.Uint8:
		return "int"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Struct:
		return strconv.Itoa(l.place(t))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		if t.Elem().Kind() == reflect.String && isMessage(t) {
			return "list"
		}
	}
	panic("no form is known for " + t.String())
}

// Whether a list is a message of its own, with the items in its first field. The tags do not always say it.
func isMessage(t reflect.Type) bool {
	_, ok := reflect.PointerTo(t).MethodByName("Marshal")
	return ok
}

// Puts something into every field. With full false all that may be empty without being left out is empty.
func fill(v reflect.Value, full bool, depth int) {
	t := v.Type()
	switch t {
	case reflect.TypeOf(metav1.Time{}):
		if full {
			v.Set(reflect.ValueOf(metav1.NewTime(time.Unix(1764201600, 0))))
		}
		return
	case reflect.TypeOf(metav1.MicroTime{}):
		if full {
			v.Set(reflect.ValueOf(metav1.NewMicroTime(time.Unix(1764201600, 120000))))
		}
		return
	case reflect.TypeOf(metav1.Duration{}):
		v.Set(reflect.ValueOf(metav1.Duration{Duration: 90*time.Minute + 1500*time.Millisecond}))
		return
	case reflect.TypeOf(resource.Quantity{}):
		v.Set(reflect.ValueOf(resource.MustParse("1500m")))
		return
	case reflect.TypeOf(intstr.IntOrString{}):
		if depth%2 == 0 {
			v.Set(reflect.ValueOf(intstr.FromString("http")))
		} else {
			v.Set(reflect.ValueOf(intstr.FromInt32(8080)))
		}
		return
	case reflect.TypeOf(runtime.RawExtension{}):
		v.Set(reflect.ValueOf(runtime.RawExtension{Raw: []byte(`{"a":[1,"x",null]}`)}))
		return
	case reflect.TypeOf(metav1.FieldsV1{}):
		v.Set(reflect.ValueOf(metav1.FieldsV1{Raw: []byte(`{"f:data":{}}`)}))
		return
	}
	switch t.Kind() {
	case reflect.String:
		if full {
			v.SetString("text")
		}
	case reflect.Bool:
		v.SetBool(full)
	case reflect.Int, reflect.Int32, reflect.Int64:
		if full {
			v.SetInt(-7)
		}
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		if full {
			v.SetUint(7)
		}
	case reflect.Float32, reflect.Float64:
		if full {
			v.SetFloat(1.5)
		}
	case reflect.Ptr:
		if depth < 14 {
			v.Set(reflect.New(t.Elem()))
			fill(v.Elem(), full, depth+1)
		}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			if full {
				v.SetBytes([]byte{0, 1, 254, 255})
			}
			return
		}
		if depth < 14 {
			v.Set(reflect.MakeSlice(t, 1, 1))
			fill(v.Index(0), full, depth+1)
		}
	case reflect.Map:
		if depth < 14 {
			v.Set(reflect.MakeMap(t))
			key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			fill(key, true, depth+1)
			fill(value, full, depth+1)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := 0; i < t.NumField(); i++ {
			if t.Field(i).IsExported() && t.Field(i).Tag.Get("protobuf") != "" {
				fill(v.Field(i), full, depth+1)
			}
		}
	}
}

type sample struct {
	Kind     string          `json:"kind"`
	Protobuf string          `json:"protobuf"`
	Object   json.RawMessage `json:"object"`
}

func samplesOf(gvk schema.GroupVersionKind, t reflect.Type) []sample {
	found := []sample{}
	for _, full := range []bool{true, false} {
		v := reflect.New(t)
		fill(v.Elem(), full, 0)
		object := v.Interface().(runtime.Object)
		object.GetObjectKind().SetGroupVersionKind(gvk)
		stored := &bytes.Buffer{}
		check(protobuf.NewSerializer(nil, nil).Encode(object, stored))
		// As an API server gives it: read from what is stored.
		read, _, err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Decode(stored.Bytes(), &gvk, nil)
		check(err)
		read.GetObjectKind().SetGroupVersionKind(gvk)
		text, err := json.Marshal(read)
		check(err)
		found = append(found, sample{Kind: gvk.Kind, Protobuf: base64.StdEncoding.EncodeToString(stored.Bytes()), Object: text})
	}
	return found
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func write(path string, data any) {
	text, err := json.Marshal(data)
	check(err)
	check(os.WriteFile(path, text, 0o644))
}

// Arguments: the version of the module, the file of the layouts, the file of the samples.
func main() {
	known := scheme.Scheme.AllKnownTypes()
	names := []schema.GroupVersionKind{}
	for gvk, t := range known {
		meta, ok := t.FieldByName("ObjectMeta")
		if ok && meta.Type == objectMeta && gvk.Version != runtime.APIVersionInternal {
			names = append(names, gvk)
		}
	}
	sort.Slice(names, func(a, b int) bool { return names[a].String() < names[b].String() })
	l := &layouts{places: map[reflect.Type]int{}}
	kinds := map[string]int{}
	samples := []sample{}
	for _, gvk := range names {
		apiVersion, kind := gvk.ToAPIVersionAndKind()
		kinds[apiVersion+" "+kind] = l.place(known[gvk])
		samples = append(samples, samplesOf(gvk, known[gvk])...)
	}
	write(os.Args[2], map[string]any{"source": "k8s.io/api " + os.Args[1], "kinds": kinds, "types": l.types})
	write(os.Args[3], samples)
}
