// Reads an ApplicationSet and prints the Applications that Argo CD would make of it: each text of the template is a Go
// template over one element of a list generator, and templatePatch is merged on top.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/template"

	"sigs.k8s.io/yaml"
)

type applicationSet struct {
	Spec struct {
		GoTemplate        bool                       `json:"goTemplate"`
		GoTemplateOptions []string                   `json:"goTemplateOptions"`
		Generators        []map[string]listGenerator `json:"generators"`
		Template          map[string]any             `json:"template"`
		TemplatePatch     string                     `json:"templatePatch"`
	} `json:"spec"`
}

type listGenerator struct {
	Elements []map[string]any `json:"elements"`
}

func main() {
	if err := generate(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(2)
	}
}

func generate(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	var set applicationSet
	if err := yaml.Unmarshal(text, &set); err != nil {
		return err
	}
	if !set.Spec.GoTemplate {
		return fmt.Errorf("goTemplate is false, expected true")
	}
	applications := []any{}
	for _, generator := range set.Spec.Generators {
		list, found := generator["list"]
		if !found || len(generator) != 1 {
			return fmt.Errorf("a generator is not a list, which is all that is read here")
		}
		for _, element := range list.Elements {
			application, err := apply(&set, element)
			if err != nil {
				return err
			}
			applications = append(applications, application)
		}
	}
	return json.NewEncoder(out).Encode(applications)
}

func apply(set *applicationSet, element map[string]any) (any, error) {
	made, err := renderValue(set.Spec.Template, set.Spec.GoTemplateOptions, element)
	if err != nil {
		return nil, err
	}
	text, err := renderText(set.Spec.TemplatePatch, set.Spec.GoTemplateOptions, element)
	if err != nil {
		return nil, err
	}
	var patch map[string]any
	if err := yaml.Unmarshal([]byte(text), &patch); err != nil {
		return nil, err
	}
	application := merge(made, patch).(map[string]any)
	application["apiVersion"], application["kind"] = "argoproj.io/v1alpha1", "Application"
	return application, nil
}

func renderValue(value any, options []string, element map[string]any) (any, error) {
	switch typed := value.(type) {
	case string:
		return renderText(typed, options, element)
	case []any:
		made := make([]any, len(typed))
		for index, inner := range typed {
			rendered, err := renderValue(inner, options, element)
			if err != nil {
				return nil, err
			}
			made[index] = rendered
		}
		return made, nil
	case map[string]any:
		made := make(map[string]any, len(typed))
		for key, inner := range typed {
			name, err := renderText(key, options, element)
			if err != nil {
				return nil, err
			}
			if made[name], err = renderValue(inner, options, element); err != nil {
				return nil, err
			}
		}
		return made, nil
	}
	return value, nil
}

func renderText(text string, options []string, element map[string]any) (string, error) {
	parsed, err := template.New("").Option(options...).Parse(text)
	if err != nil {
		return "", err
	}
	var made bytes.Buffer
	err = parsed.Execute(&made, element)
	return made.String(), err
}

func merge(value any, patch map[string]any) any {
	base, isMap := value.(map[string]any)
	if !isMap {
		base = map[string]any{}
	}
	for key, change := range patch {
		if inner, isMap := change.(map[string]any); isMap {
			base[key] = merge(base[key], inner)
		} else if change == nil {
			delete(base, key)
		} else {
			base[key] = change
		}
	}
	return base
}
