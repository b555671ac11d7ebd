//go:build kafka

package brokertest

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// empty deletes the groups and topics of a cluster and returns when its broker knows of none. A group that still has members is an
// error.
func empty(ctx context.Context, addrs []string) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(addrs...))
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	groups, err := admin.ListGroups(ctx)
	if err != nil {
		return err
	}
	if names := groups.Groups(); len(names) > 0 {
		if err := leave(ctx, admin, names); err != nil {
			return err
		}
		deleted, err := admin.DeleteGroups(ctx, names...)
		if err := errors.Join(err, deleted.Error()); err != nil {
			return err
		}
	}
	for {
		names, err := topics(ctx, client)
		if err != nil || len(names) == 0 {
			return err
		}
		// The controller deletes at once, and the broker hears of it. A topic that is unknown by then is gone.
		if _, err := admin.DeleteTopics(ctx, names...); err != nil {
			return err
		}
	}
}

// leave takes the static members out of groups: their programs have ended without a word, and are expected back.
func leave(ctx context.Context, admin *kadm.Client, groups []string) error {
	described, err := admin.DescribeGroups(ctx, groups...)
	if err != nil {
		return err
	}
	for _, g := range described {
		var ids []string
		for _, m := range g.Members {
			if m.InstanceID != nil {
				ids = append(ids, *m.InstanceID)
			}
		}
		if len(ids) == 0 {
			continue
		}
		if _, err := admin.LeaveGroup(ctx, kadm.LeaveGroup(g.Group).InstanceIDs(ids...)); err != nil {
			return err
		}
	}
	return nil
}

// topics asks for the topics that are not Kafka's own. The admin client would answer from memory.
func topics(ctx context.Context, client *kgo.Client) ([]string, error) {
	answer, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client) // no topics named: all
	if err != nil {
		return nil, err
	}
	var names []string
	for _, t := range answer.Topics {
		if t.Topic != nil && !t.IsInternal {
			names = append(names, *t.Topic)
		}
	}
	return names, nil
}
