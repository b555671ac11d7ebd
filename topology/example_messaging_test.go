package topology_test

import (
	"context"
	"fmt"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Goka's 3-messaging: messages of blocked users are left out, and everybody else's reach the inbox of their recipient. Three processors are
// one topology here: the table of one is joined by the next.
func Example_messaging() {
	type Message struct{ From, To, Text string }
	text, message := codecs.String[string](), codecs.JSON[Message]()
	block := topology.NewStream("block_user", text, codecs.JSON[bool]()) // false: unblock
	sent := topology.NewStream("messages", text, message)                // by sender
	received := topology.NewStream("received_messages", text, message)   // by recipient

	b := topology.NewBuilder("messaging")
	blocker := topology.AddProcessor(b, "blocker", text)
	blocked := topology.Aggregate(topology.From(blocker, block), codecs.JSON[bool](), func(_, now bool) bool { return now })

	filter := topology.AddProcessor(b, "filter", text)
	sender, out := topology.Join(filter, blocked.Table()), topology.Output(filter, received)
	topology.Input(filter, sent).Handle(func(_ context.Context, r *topology.Record[string, Message]) error {
		if isBlocked, _, err := sender.Get(r); err != nil || isBlocked {
			return err
		}
		return out.Emit(r, r.Value.To, r.Value)
	})

	collector := topology.AddProcessor(b, "collector", text)
	inbox := topology.Aggregate(topology.From(collector, received), codecs.JSON[[]Message](),
		func(messages []Message, m Message) []Message {
			messages = append(messages, m)
			return messages[max(0, len(messages)-5):] // the last five
		})

	d := drive(b)
	in := topologytest.Input(d, sent)
	in.Send("bob", Message{"bob", "ada", "hello"})
	topologytest.Input(d, block).Send("eve", true)
	in.Send("eve", Message{"eve", "ada", "buy this"})
	in.Send("cyd", Message{"cyd", "ada", "lunch?"})
	messages, _ := topologytest.Value(d, inbox.Table(), "ada")
	for _, m := range messages {
		fmt.Printf("%s: %s\n", m.From, m.Text)
	}
	// Output:
	// bob: hello
	// cyd: lunch?
}
