package main

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// PlanResourceChange marks as unknown what Google alone could say of a new resource; a change is always in place.
func (d *double) PlanResourceChange(_ context.Context, r *tfprotov5.PlanResourceChangeRequest) (*tfprotov5.PlanResourceChangeResponse, error) {
	b := d.schemas.Resources[r.TypeName]
	kind := b.schema().ValueType()
	proposed, err := r.ProposedNewState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	prior, err := r.PriorState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	if !proposed.IsNull() && prior.IsNull() {
		if proposed, err = markUnknown(b, proposed); err != nil {
			return nil, err
		}
	}
	planned, err := tfprotov5.NewDynamicValue(kind, proposed)
	return &tfprotov5.PlanResourceChangeResponse{PlannedState: &planned, UnsafeToUseLegacyTypeSystem: true}, err
}

func markUnknown(b block, value tftypes.Value) (tftypes.Value, error) {
	return tftypes.Transform(value, func(path *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		_, computed, isBlock := b.find(path)
		if _, isName := path.LastStep().(tftypes.AttributeName); !computed || !isName || !v.IsKnown() {
			return v, nil
		}
		var items []tftypes.Value
		if isEmpty := isBlock && v.As(&items) == nil && len(items) == 0; v.IsNull() || isEmpty {
			return tftypes.NewValue(v.Type(), tftypes.UnknownValue), nil
		}
		return v, nil
	})
}

func (d *double) ApplyResourceChange(_ context.Context, r *tfprotov5.ApplyResourceChangeRequest) (*tfprotov5.ApplyResourceChangeResponse, error) {
	kind := d.schemas.Resources[r.TypeName].schema().ValueType()
	planned, err := r.PlannedState.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	if !planned.IsNull() {
		if planned, err = fillUnknown(r.TypeName, planned); err != nil {
			return nil, err
		}
	}
	state, err := tfprotov5.NewDynamicValue(kind, planned)
	return &tfprotov5.ApplyResourceChangeResponse{NewState: &state, UnsafeToUseLegacyTypeSystem: true}, err
}

func (d *double) ReadDataSource(_ context.Context, r *tfprotov5.ReadDataSourceRequest) (*tfprotov5.ReadDataSourceResponse, error) {
	if project() == "" {
		return nil, errors.New("project: required field is not set; set GOOGLE_PROJECT to the project's id")
	}
	b := d.schemas.DataSources[r.TypeName]
	kind := b.schema().ValueType()
	value, err := r.Config.Unmarshal(kind)
	if err != nil {
		return nil, err
	}
	if value, err = markUnknown(b, value); err != nil {
		return nil, err
	}
	if value, err = fillUnknown(r.TypeName, value); err != nil {
		return nil, err
	}
	state, err := tfprotov5.NewDynamicValue(kind, value)
	return &tfprotov5.ReadDataSourceResponse{State: &state}, err
}
