package tables

import (
	"github.com/eddystream/eddy/codecs"
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/topology"
)

// Streams into the pipeline.
var (
	// PageChanges are the changes of pages, as Wikimedia's own stream has them.
	PageChanges = topology.NewStream("page-changes", PageKeys(), events.PageChangeCodec())
	// Renders are the renderings of pages.
	Renders = topology.NewStream("renders", PageKeys(), events.RenderCodec())
)

// Streams out of the pipeline.
var (
	// RerenderRequests ask for pages to be rendered again.
	RerenderRequests = topology.NewStream("rerender-requests", PageKeys(), codecs.Avro[Request](codecs.MustSchema("eddy.Request")))
	// CascadeEvents report the phases of cascades.
	CascadeEvents = topology.NewStream("cascade-events", CascadeIDs(), codecs.Avro[CascadeEvent](codecs.MustSchema("eddy.CascadeEvent")))
	// LinkChanges are the links that a page gained and lost.
	LinkChanges = topology.NewStream("link-changes", PageKeys(), codecs.Avro[LinkChange](codecs.MustSchema("eddy.LinkChange")))
)

// Streams between the processors of the pipeline. They are packed where a batch has many small messages for a partition: the links of
// renderings, what a flood of page changes says of lives and titles, and the messages of large cascades.
var (
	Lives           = topology.NewStream("page-lives", PageKeys(), codecs.Avro[*Life](codecs.MustSchema("eddy.Life"))).Packed()
	Claims          = topology.NewStream("title-claims", TitleKeys(), codecs.Avro[*Claim](codecs.MustSchema("eddy.Claim"))).Packed()
	TitleChanges    = topology.NewStream("title-changes", TargetKeys(), codecs.Avro[*TitleChange](codecs.MustSchema("eddy.TitleChange"))).Packed()
	TargetUpdates   = topology.NewStream("target-updates", TargetKeys(), codecs.Avro[*TargetUpdate](codecs.MustSchema("eddy.TargetUpdate"))).Packed()
	Uses            = topology.NewStream("page-uses", PageKeys(), codecs.Avro[*Used](codecs.MustSchema("eddy.Used")))
	Asks            = topology.NewStream("asks", PageKeys(), codecs.Avro[*Ask](codecs.MustSchema("eddy.Ask"))).Packed()
	CascadeProgress = topology.NewStream("cascade-progress", CascadeIDs(), codecs.Avro[*Progress](codecs.MustSchema("eddy.Progress"))).Packed()
	RequestClosings = topology.NewStream("request-closings", PageKeys(), codecs.Avro[*RequestClosing](codecs.MustSchema("eddy.RequestClosing"))).Packed()
)

// The codecs of rows and loop messages that are plain records; see also [DependentsRows].
var (
	PageRows        = codecs.Avro[*PageRow](codecs.MustSchema("eddy.PageRow"))
	TitleRows       = codecs.Avro[*TitleRow](codecs.MustSchema("eddy.TitleRow"))
	LinksRows       = codecs.Avro[*LinksRow](codecs.MustSchema("eddy.LinksRow"))
	RequestRows     = codecs.Avro[*RequestRow](codecs.MustSchema("eddy.RequestRow"))
	CascadeRows     = codecs.Avro[*CascadeRow](codecs.MustSchema("eddy.CascadeRow"))
	DependentsSteps = codecs.Avro[*DependentsStep](codecs.MustSchema("eddy.DependentsStep"))
)

// The tables of the pipeline, for views and joins. Their topics are those that the pipeline's processors get.
var (
	Pages      = topology.NewTable("eddy-pages-table", PageKeys(), PageRows)
	Titles     = topology.NewTable("eddy-titles-table", TitleKeys(), TitleRows)
	Links      = topology.NewTable("eddy-links-table", PageKeys(), LinksRows)
	Dependents = topology.NewTable("eddy-dependents-table", TargetKeys(), DependentsRows())
	// Requests is keyed by the first page of each chunk of 256.
	Requests = topology.NewTable("eddy-requests-table", PageKeys(), RequestRows)
	Cascades = topology.NewTable("eddy-cascades-table", CascadeIDs(), CascadeRows)
)
