//go:build unix

package faults

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// The rights that may be taken away.
const (
	readInput   = "read an input"
	writeOutput = "write an output"
	readTable   = "read a table"
	writeTable  = "write a table"
	joinGroup   = "read a group"
	transact    = "write a transactional id" // with exactly-once
)

// principal is the workers' user.
const principal = "User:" + user

// allow gives the workers' user all rights.
func (c *Cluster) allow(ctx context.Context) error {
	all := kadm.NewACLs().Topics("*").Groups("*").TransactionalIDs("*").Clusters().Operations(kadm.OpAll).
		Allow(principal).AllowHosts().ResourcePatternType(kadm.ACLPatternLiteral)
	created, err := c.admin.CreateACLs(ctx, all)
	for _, r := range created {
		err = errors.Join(err, r.Err)
	}
	return err
}

// right draws the resource of a right, and returns what takes it away.
func (r *Run) right(what string) (resource, operation string, deny *kadm.ACLBuilder, err error) {
	draw := func(list []string) string { return list[r.random.IntN(len(list))] }
	deny = kadm.NewACLs().Deny(principal).DenyHosts().ResourcePatternType(kadm.ACLPatternLiteral)
	switch what {
	case readInput:
		resource, operation = draw(r.pipeline.inputs()), "read"
		return resource, operation, deny.Topics(resource).Operations(kadm.OpRead), nil
	case writeOutput:
		resource, operation = draw(r.pipeline.outputs()), "write"
		return resource, operation, deny.Topics(resource).Operations(kadm.OpWrite), nil
	case readTable:
		resource, operation = draw(r.pipeline.tables()), "read"
		return resource, operation, deny.Topics(resource).Operations(kadm.OpRead), nil
	case writeTable:
		resource, operation = draw(r.pipeline.tables()), "write"
		return resource, operation, deny.Topics(resource).Operations(kadm.OpWrite), nil
	case joinGroup:
		resource, operation = draw(r.groups), "read"
		return resource, operation, deny.Groups(resource).Operations(kadm.OpRead), nil
	case transact:
		resource, operation = draw(r.groups), "write" // ids begin with the group's name
		return resource, operation, deny.TransactionalIDs(resource).ResourcePatternType(kadm.ACLPatternPrefixed).Operations(kadm.OpWrite), nil
	}
	return "", "", nil, fmt.Errorf("there is no right to %q", what)
}

// denied takes a right away. A worker that needs it has to end, and to say which resource and which right. Then the right is given back, and
// all workers are started again. Tables are read where they are loaded: to lose that right, workers are restarted without it.
func denied(ctx context.Context, r *Run, s Step) error {
	resource, operation, deny, err := r.right(s.What)
	if err != nil {
		return err
	}
	if s.What == readTable {
		if err := r.Stop(ctx, r.running()...); err != nil {
			return err
		}
		for _, w := range r.running() {
			if err := w.Wipe(ctx); err != nil {
				return err
			}
		}
	}
	created, err := r.admin.CreateACLs(ctx, deny)
	for _, c := range created {
		err = errors.Join(err, c.Err)
	}
	if err != nil {
		return err
	}
	if s.What == readTable {
		if err := r.Start(ctx, r.running()...); err != nil {
			return err
		}
	}
	words, err := r.last(ctx, r.running()...)
	if err != nil {
		return fmt.Errorf("nobody may %s, %s: %w", s.What, resource, err)
	}
	if !strings.Contains(words, resource) || !strings.Contains(strings.ToLower(words), operation) {
		return fmt.Errorf("a worker ended that may not %s, %s, and does not say so: %s", s.What, resource, words)
	}
	if err := r.killRest(ctx); err != nil {
		return err
	}
	if _, err := r.admin.DeleteACLs(ctx, deny); err != nil {
		return err
	}
	return r.Start(ctx, r.running()...)
}
