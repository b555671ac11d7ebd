package gokagroup

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/IBM/sarama"
)

// The cause that sarama gives a session's context first is the one that stays: of heartbeats that fail it is the network's error.
func TestCurrentCause(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cause error
		want  bool
	}{
		{context.Canceled, true},
		{sarama.ErrRebalanceInProgress, true},
		{sarama.ErrSessionPartitionCountChanged, true},
		{io.EOF, false},
		{errors.New("i/o timeout"), false},
		{sarama.ErrSessionHeartbeatFailed, false},
		{sarama.ErrUnknownMemberId, false},
		{sarama.ErrIllegalGeneration, false},
		{sarama.ErrFencedInstancedId, false},
		{ended{context.Canceled}, false},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(c.cause)
		cancel(sarama.ErrSessionHeartbeatFailed) // what sarama says last, whatever came before
		if got := currentCause(context.Cause(ctx)); got != c.want {
			t.Errorf("after %v the member counts: %t, want %t", c.cause, got, c.want)
		}
	}
}
