// A double of Google's Terraform provider: its published schema, and nothing behind it.
//
// The real terraform initialises, validates, plans, tests and (into a state file only) applies a configuration against it
// without a network. What the real provider decides in its own code is not here: which arguments exclude each other,
// which changes replace a resource, and all that Google's services answer. docs/decisions/0018 says what follows from that.
package main

import (
	_ "embed"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
)

const address = "registry.terraform.io/hashicorp/google"

//go:embed google.json
var published []byte

func main() {
	schemas, err := readSchemas(published)
	if err == nil {
		err = tf5server.Serve(address, func() tfprotov5.ProviderServer { return &double{schemas: schemas} })
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}
