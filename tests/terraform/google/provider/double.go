package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// double answers Terraform's calls from the schema alone; the embedded interface stands for calls that no root here makes.
type double struct {
	tfprotov5.ProviderServer
	schemas schemas
}

func (d *double) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	return &tfprotov5.GetMetadataResponse{}, nil
}

func (d *double) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

func (d *double) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	answer := &tfprotov5.GetProviderSchemaResponse{
		Provider:          d.schemas.Provider.schema(),
		ResourceSchemas:   map[string]*tfprotov5.Schema{},
		DataSourceSchemas: map[string]*tfprotov5.Schema{},
	}
	for name, kind := range d.schemas.Resources {
		answer.ResourceSchemas[name] = kind.schema()
	}
	for name, kind := range d.schemas.DataSources {
		answer.DataSourceSchemas[name] = kind.schema()
	}
	return answer, nil
}

func (d *double) PrepareProviderConfig(_ context.Context, r *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: r.Config}, nil
}

func (d *double) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (d *double) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func (d *double) ValidateResourceTypeConfig(_ context.Context, r *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	found, err := checkAllowed(d.schemas.Resources[r.TypeName], r.Config)
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: found}, err
}

func (d *double) ValidateDataSourceConfig(_ context.Context, r *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	found, err := checkAllowed(d.schemas.DataSources[r.TypeName], r.Config)
	return &tfprotov5.ValidateDataSourceConfigResponse{Diagnostics: found}, err
}

// checkAllowed refuses a value outside the list that the provider's documentation closes; most attributes have no such list.
func checkAllowed(b block, config *tfprotov5.DynamicValue) ([]*tfprotov5.Diagnostic, error) {
	value, err := config.Unmarshal(b.schema().ValueType())
	if err != nil {
		return nil, err
	}
	var found []*tfprotov5.Diagnostic
	err = tftypes.Walk(value, func(path *tftypes.AttributePath, v tftypes.Value) (bool, error) {
		a, _, _ := b.find(path)
		var text string
		if len(a.allowed) == 0 || !v.IsKnown() || v.IsNull() || !v.Type().Is(tftypes.String) || v.As(&text) != nil {
			return true, nil
		}
		if !slices.Contains(a.allowed, text) {
			found = append(found, &tfprotov5.Diagnostic{
				Severity: tfprotov5.DiagnosticSeverityError, Attribute: path, Summary: "Value outside the allowed set",
				Detail: fmt.Sprintf("found %q, expected one of %s", text, strings.Join(a.allowed, ", ")),
			})
		}
		return true, nil
	})
	return found, err
}

func (d *double) ReadResource(_ context.Context, r *tfprotov5.ReadResourceRequest) (*tfprotov5.ReadResourceResponse, error) {
	return &tfprotov5.ReadResourceResponse{NewState: r.CurrentState}, nil
}

func (d *double) UpgradeResourceState(_ context.Context, r *tfprotov5.UpgradeResourceStateRequest) (*tfprotov5.UpgradeResourceStateResponse, error) {
	kind := d.schemas.Resources[r.TypeName].schema().ValueType()
	lenient := tfprotov5.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}}
	value, err := r.RawState.UnmarshalWithOpts(kind, lenient)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov5.NewDynamicValue(kind, value)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: &state}, err
}
