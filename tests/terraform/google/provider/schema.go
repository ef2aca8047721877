package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// attribute is [type, flags] or [type, flags, allowed values] in google.json; the flags are letters: r, o, c, w.
type attribute struct {
	kind    tftypes.Type
	flags   string
	allowed []string
}

type nested struct {
	Nesting  string `json:"nesting"`
	Block    block  `json:"block"`
	Min      int64  `json:"min"`
	Max      int64  `json:"max"`
	Computed bool   `json:"computed"`
}

type block struct {
	Attributes map[string]attribute `json:"attributes"`
	Blocks     map[string]nested    `json:"blocks"`
}

type schemas struct {
	Version     string           `json:"version"`
	Provider    block            `json:"provider"`
	Resources   map[string]block `json:"resources"`
	DataSources map[string]block `json:"data_sources"`
}

func readSchemas(raw []byte) (schemas, error) {
	var read schemas
	err := json.Unmarshal(raw, &read)
	return read, err
}

func (a *attribute) UnmarshalJSON(raw []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return err
	}
	if len(parts) < 2 || len(parts) > 3 {
		return fmt.Errorf("an attribute is [type, flags] or [type, flags, allowed values], found %s", raw)
	}
	kind, err := tftypes.ParseJSONType(parts[0]) //nolint:staticcheck // the only reader of the wire form
	if err != nil {
		return err
	}
	a.kind = kind
	if err := json.Unmarshal(parts[1], &a.flags); err != nil || len(parts) < 3 {
		return err
	}
	return json.Unmarshal(parts[2], &a.allowed)
}

func (a attribute) has(flag string) bool { return strings.Contains(a.flags, flag) }

var nestings = map[string]tfprotov5.SchemaNestedBlockNestingMode{
	"list":   tfprotov5.SchemaNestedBlockNestingModeList,
	"set":    tfprotov5.SchemaNestedBlockNestingModeSet,
	"single": tfprotov5.SchemaNestedBlockNestingModeSingle,
}

func (b block) schema() *tfprotov5.Schema { return &tfprotov5.Schema{Block: b.describe()} }

func (b block) describe() *tfprotov5.SchemaBlock {
	described := &tfprotov5.SchemaBlock{}
	for name, a := range b.Attributes {
		described.Attributes = append(described.Attributes, &tfprotov5.SchemaAttribute{
			Name: name, Type: a.kind,
			Computed: a.has("c"), Optional: a.has("o"), Required: a.has("r"), WriteOnly: a.has("w"),
		})
	}
	for name, n := range b.Blocks {
		described.BlockTypes = append(described.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: name, Block: n.Block.describe(), Nesting: nestings[n.Nesting], MinItems: n.Min, MaxItems: n.Max,
		})
	}
	return described
}

// find walks a path of names down: the attribute it ends in, or whether it ends in a block and the provider may fill that.
func (b block) find(path *tftypes.AttributePath) (found attribute, computed, isBlock bool) {
	here := b
	for _, step := range path.Steps() {
		name, isName := step.(tftypes.AttributeName)
		if !isName {
			continue
		}
		if a, ok := here.Attributes[string(name)]; ok {
			return a, a.has("c"), false
		}
		n, ok := here.Blocks[string(name)]
		if !ok {
			return attribute{}, false, false
		}
		here, computed, isBlock = n.Block, n.Computed, true
	}
	return attribute{}, computed, isBlock
}
