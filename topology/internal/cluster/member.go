package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Member reports whether a group counts the member among those of the generation. While the group waits for its members to join
// again it does. The question counts as a heartbeat.
func (c *Client) Member(ctx context.Context, group, member string, generation int32) (bool, error) {
	req := kmsg.NewPtrHeartbeatRequest()
	req.Group, req.MemberID, req.Generation = group, member, generation
	if c.settings.InstanceID != "" {
		req.InstanceID = &c.settings.InstanceID
	}
	resp, err := req.RequestWith(ctx, c.kafka)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	switch {
	case err == nil, errors.Is(err, kerr.RebalanceInProgress):
		return true, nil
	case errors.Is(err, kerr.UnknownMemberID), errors.Is(err, kerr.IllegalGeneration), errors.Is(err, kerr.FencedInstanceID):
		return false, nil
	}
	return false, fmt.Errorf("heartbeat of group %q: %w", group, err)
}
