package topology_test

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/topology"
	"github.com/eddystream/eddy/topology/topologytest"
)

// Kafka Streams' join of two KTables by a foreign key (KIP-213), written out: an album subscribes to its artist and is told the name, now and
// whenever it changes. The name of an artist that is no longer the album's comes too late and is dropped.
func Example_foreignKeyJoin() {
	type Album struct{ Title, Artist string }
	type Artist struct {
		Name   string
		Albums []string
	}
	type Credit struct { // from an album to its artist
		Album string
		Ended bool
	}
	type Name struct{ Artist, Name string } // from an artist to its albums
	text := codecs.String[string]()
	albums, artists := topology.NewStream("albums", text, codecs.JSON[Album]()), topology.NewStream("artists", text, text)
	credits, names := topology.NewStream("credits", text, codecs.JSON[Credit]()), topology.NewStream("names", text, codecs.JSON[Name]())
	catalogue := topology.NewStream("catalogue", text, text)

	b := topology.NewBuilder("music")
	left := topology.AddProcessor(b, "albums", text)
	album, subscribe, joined := topology.Persist(left, codecs.JSON[Album]()), topology.Output(left, credits), topology.Output(left, catalogue)
	topology.Input(left, albums).Handle(func(_ context.Context, r *topology.Record[string, Album]) error {
		old, known, err := album.Get(r)
		if known && old.Artist != r.Value.Artist {
			err = subscribe.Emit(r, old.Artist, Credit{Album: r.Key, Ended: true})
		}
		return errors.Join(err, album.Set(r, r.Value), subscribe.Emit(r, r.Value.Artist, Credit{Album: r.Key}))
	})
	topology.Input(left, names).Handle(func(_ context.Context, r *topology.Record[string, Name]) error {
		a, known, err := album.Get(r)
		if err != nil || !known || a.Artist != r.Value.Artist {
			return err
		}
		return joined.Emit(r, r.Key, a.Title+" by "+r.Value.Name)
	})

	right := topology.AddProcessor(b, "artists", text)
	artist, tell := topology.Persist(right, codecs.JSON[Artist]()), topology.Output(right, names)
	topology.Input(right, credits).Handle(func(_ context.Context, r *topology.Record[string, Credit]) error {
		a, _, err := artist.Get(r)
		a.Albums = slices.DeleteFunc(a.Albums, func(id string) bool { return id == r.Value.Album })
		if !r.Value.Ended {
			a.Albums = append(a.Albums, r.Value.Album)
			if a.Name != "" {
				err = errors.Join(err, tell.Emit(r, r.Value.Album, Name{r.Key, a.Name}))
			}
		}
		return errors.Join(err, artist.Set(r, a))
	})
	topology.Input(right, artists).Handle(func(_ context.Context, r *topology.Record[string, string]) error {
		a, _, err := artist.Get(r)
		a.Name = r.Value
		for _, id := range a.Albums {
			err = errors.Join(err, tell.Emit(r, id, Name{r.Key, a.Name}))
		}
		return errors.Join(err, artist.Set(r, a))
	})

	d := drive(b)
	setAlbum, setArtist := topologytest.Input(d, albums), topologytest.Input(d, artists)
	setAlbum.Send("a1", Album{"Low", "bowie"})
	setArtist.Send("bowie", "David Jones")
	setAlbum.Send("a2", Album{"Heroes", "bowie"})
	setArtist.Send("bowie", "David Bowie")
	setAlbum.Send("a2", Album{"Lust for Life", "pop"})
	setArtist.Send("pop", "Iggy Pop")
	setArtist.Send("bowie", "Bowie")
	for _, entry := range topologytest.Output(d, catalogue).All() {
		fmt.Println(entry.Key, entry.Value)
	}
	// Unordered output:
	// a1 Low by David Jones
	// a2 Heroes by David Jones
	// a1 Low by David Bowie
	// a2 Heroes by David Bowie
	// a2 Lust for Life by Iggy Pop
	// a1 Low by Bowie
}
