package tables

import (
	"github.com/eddystream/eddy/tables/events"
	"github.com/eddystream/eddy/tables/schemas"
	"github.com/eddystream/eddy/topology"
)

// Streams into the pipeline. Their topics are Eddy's to create: the names are not anybody's to misspell. They are written by the intake, and by
// whoever keeps to their keys and partitions himself.
var (
	// PageChanges are the changes of pages, as Wikimedia's own stream has them.
	PageChanges = topology.NewStream("page-changes", PageKeys(), events.PageChangeCodec(), topology.CreateMissing(), topology.Shared())
	// Renders are the renderings of pages.
	Renders = topology.NewStream("renders", PageKeys(), events.RenderCodec(), topology.CreateMissing(), topology.Shared())
)

// Streams out of the pipeline.
var (
	// RerenderRequests ask for pages to be rendered again.
	RerenderRequests = topology.NewStream("rerender-requests", PageKeys(), schemas.Codec[Request]("Request"))
	// CascadeEvents report the phases of cascades.
	CascadeEvents = topology.NewStream("cascade-events", CascadeIDs(), schemas.Codec[CascadeEvent]("CascadeEvent"))
	// LinkChanges are the links that a page gained and lost.
	LinkChanges = topology.NewStream("link-changes", PageKeys(), schemas.Codec[LinkChange]("LinkChange"))
)

// Streams between the processors of the pipeline. They bear its name, keep everything, and are purged behind their readers. They are packed where a batch has many small messages for a partition: the links of
// renderings, what a flood of page changes says of lives and titles, and the messages of large cascades.
var (
	Lives           = topology.NewStream("eddy-page-lives", PageKeys(), schemas.Codec[*Life]("Life")).Packed()
	Claims          = topology.NewStream("eddy-title-claims", TitleKeys(), schemas.Codec[*Claim]("Claim")).Packed()
	TitleChanges    = topology.NewStream("eddy-title-changes", TargetKeys(), schemas.Codec[*TitleChange]("TitleChange")).Packed()
	TargetUpdates   = topology.NewStream("eddy-target-updates", TargetKeys(), targetUpdates()).Packed()
	Uses            = topology.NewStream("eddy-page-uses", PageKeys(), schemas.Codec[*Used]("Used"))
	Asks            = topology.NewStream("eddy-asks", PageKeys(), schemas.Codec[*Ask]("Ask")).Packed()
	CascadeProgress = topology.NewStream("eddy-cascade-progress", CascadeIDs(), schemas.Codec[*Progress]("Progress")).Packed()
	RequestClosings = topology.NewStream("eddy-request-closings", PageKeys(), schemas.Codec[*RequestClosing]("RequestClosing")).Packed()
)

// The codecs of rows and loop messages that are plain records; see also [DependentsRows].
var (
	PageRows        = schemas.Codec[*PageRow]("PageRow")
	TitleRows       = schemas.Codec[*TitleRow]("TitleRow")
	LinksRows       = schemas.Codec[*LinksRow]("LinksRow")
	RequestRows     = schemas.Codec[*RequestRow]("RequestRow")
	LinksPartRows   = schemas.Codec[*LinksPart]("LinksPart")
	CascadeRows     = schemas.Codec[*CascadeRow]("CascadeRow")
	CascadePartRows = schemas.Codec[*CascadePart]("CascadePart")
	RequestPartRows = schemas.Codec[*RequestPart]("RequestPart")
	DependentsSteps = schemas.Codec[*DependentsStep]("DependentsStep")
)

// The tables of the pipeline, for views and joins. Their topics are those that the pipeline's processors get.
var (
	Pages  = topology.NewTable("eddy-pages-table", PageKeys(), PageRows)
	Titles = topology.NewTable("eddy-titles-table", TitleKeys(), TitleRows)
	Links  = topology.NewTable("eddy-links-table", PageKeys(), LinksRows)
	// LinksParts has the links that the rows of pages have no room for.
	LinksParts = topology.NewTable("eddy-links-parts-changelog", LinksPartKeys(), LinksPartRows)
	Dependents = topology.NewTable("eddy-dependents-table", TargetKeys(), DependentsRows())
	// Requests is keyed by the first page of each chunk of 256. It has what releases before v2 wrote; see [RequestRow].
	Requests = topology.NewTable("eddy-requests-table", PageKeys(), RequestRows)
	// RequestParts has what is known of the pages of each chunk, and what cascades asked for there.
	RequestParts = topology.NewTable("eddy-requests-parts-changelog", RequestPartKeys(), RequestPartRows)
	Cascades     = topology.NewTable("eddy-cascades-table", CascadeIDs(), CascadeRows)
	// CascadeParts has what the rows of large cascades have no room for.
	CascadeParts = topology.NewTable("eddy-cascades-parts-changelog", CascadePartKeys(), CascadePartRows)
)
