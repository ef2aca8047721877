package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// labels are the arguments by which a person recognises a resource, the first that is set is used.
var labels = []string{"name", "account_id", "service", "role", "repository_id", "workload_identity_pool_id", "display_name"}

// project is what the real provider takes, too, where the configuration names none.
func project() string { return os.Getenv("GOOGLE_PROJECT") }

// fillUnknown replaces what Google would have said by a value of the right type that names its resource.
func fillUnknown(resource string, value tftypes.Value) (tftypes.Value, error) {
	known := map[string]string{"project": project()}
	var top map[string]tftypes.Value
	if value.As(&top) == nil {
		for name, v := range top {
			var text string
			if v.IsKnown() && !v.IsNull() && v.Type().Is(tftypes.String) && v.As(&text) == nil {
				known[name] = text
			}
		}
	}
	return tftypes.Transform(value, func(path *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.IsKnown() {
			return v, nil
		}
		var names []string
		for _, step := range path.Steps() {
			if name, isName := step.(tftypes.AttributeName); isName {
				names = append(names, string(name))
			}
		}
		return invent(resource, strings.Join(names, "/"), v.Type(), known), nil
	})
}

func invent(resource, name string, kind tftypes.Type, known map[string]string) tftypes.Value {
	switch {
	case kind.Is(tftypes.String):
		return tftypes.NewValue(kind, inventText(resource, name, known))
	case kind.Is(tftypes.Number):
		return tftypes.NewValue(kind, 1)
	case kind.Is(tftypes.Bool):
		return tftypes.NewValue(kind, false)
	}
	switch k := kind.(type) {
	case tftypes.List:
		return tftypes.NewValue(k, inventSeveral(resource, name, k.ElementType, known))
	case tftypes.Set:
		return tftypes.NewValue(k, inventSeveral(resource, name, k.ElementType, known)[:1])
	case tftypes.Map:
		return tftypes.NewValue(k, map[string]tftypes.Value{})
	case tftypes.Object:
		values := map[string]tftypes.Value{}
		for inner, innerKind := range k.AttributeTypes {
			values[inner] = invent(resource, name+"/"+inner, innerKind, known)
		}
		return tftypes.NewValue(k, values)
	}
	return tftypes.NewValue(kind, nil)
}

func inventText(resource, name string, known map[string]string) string {
	email := fmt.Sprintf("%s@%s.iam.gserviceaccount.com", known["account_id"], known["project"])
	switch {
	case resource == "google_project" && name == "id":
		return "projects/" + known["project"]
	case name == "project":
		return known["project"]
	case name == "number":
		return "123456789012"
	case resource == "google_service_account" && name == "email":
		return email
	case resource == "google_service_account" && name == "member":
		return "serviceAccount:" + email
	}
	label := ""
	for _, key := range labels {
		if label == "" {
			label = known[key]
		}
	}
	return strings.TrimSuffix(fmt.Sprintf("double/%s/%s/%s", strings.TrimPrefix(resource, "google_"), label, name), "/id")
}

func inventSeveral(resource, name string, kind tftypes.Type, known map[string]string) []tftypes.Value {
	if resource != "google_compute_zones" {
		return []tftypes.Value{invent(resource, name, kind, known)}
	}
	var zones []tftypes.Value
	for _, letter := range []string{"a", "b", "c"} {
		zones = append(zones, tftypes.NewValue(kind, known["region"]+"-"+letter))
	}
	return zones
}
