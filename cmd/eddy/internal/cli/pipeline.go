package cli

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/tables/schemas"
	"github.com/eddystream/eddy/topology"
)

// pipeline builds the topology that the settings ask for, and the wikis it knows. It settles for the whole process in
// which release's formats values are written.
func pipeline(s settings.Settings) (*topology.Topology, *tables.Sites, error) {
	return pipelineWith(s, processors.Options{})
}

// pipelineWith is pipeline with options that are no settings.
func pipelineWith(s settings.Settings, o processors.Options) (*topology.Topology, *tables.Sites, error) {
	if err := upgradeFrom(s.UpgradeFrom); err != nil {
		return nil, nil, usageError(err)
	}
	sites, err := loadSites(s, o.Logger)
	if err != nil {
		return nil, nil, err
	}
	o.Sites, o.StartOn, o.KeepCascades, o.ClockSkew = sites, processors.StartOn(s.StartOn), s.KeepCascades, s.ClockSkew
	o.Coalesce = s.Coalesce
	if o.WitnessAfter == 0 {
		o.WitnessAfter = s.WitnessAfter
	}
	topo, err := processors.New(o)
	return topo, sites, err
}

// upgradeFrom makes this process write what the workers of another release can read; "" leaves it at its own.
func upgradeFrom(release string) error {
	if release == "" {
		return nil
	}
	beside := schemas.Beside()
	if !slices.Contains(beside, release) {
		return fmt.Errorf("upgrade-from: workers of release %q cannot run beside this one, only those of %q; stop them first (doc/UPGRADING.md)", release, beside)
	}
	return schemas.Releases.Write(release)
}

// loadSites reads the files with what is special of wikis; other wikis have English namespaces, and the logger is told of them.
func loadSites(s settings.Settings, logger *slog.Logger) (*tables.Sites, error) {
	infos := make([]*tables.SiteInfo, len(s.SiteInfo))
	for i, name := range s.SiteInfo {
		info, err := loadSiteInfo(name)
		if err != nil {
			return nil, usageError(fmt.Errorf("siteinfo %q: %w", name, err))
		}
		infos[i] = info
	}
	sites, err := tables.NewSites(nil, infos...)
	if err != nil {
		return nil, usageError(err)
	}
	rules, err := s.Cases()
	if err != nil {
		return nil, usageError(err)
	}
	for wiki, rule := range rules {
		sites.SetCase(wiki, rule)
	}
	tellAssumed(sites, s, logger)
	return sites, nil
}

// tellAssumed logs the wikis of which nothing is told.
func tellAssumed(sites *tables.Sites, s settings.Settings, logger *slog.Logger) {
	rules, err := s.Cases()
	if logger == nil || err != nil {
		return
	}
	sites.Assumed = func(wiki string) {
		rule := cmp.Or(rules[wiki], rules[""])
		if rule == tables.CaseUnknown {
			rule = "titles as they come"
		}
		logger.Warn("no site info of a wiki: its namespaces are taken to be English; --siteinfo tells", "wiki", wiki, "case", rule)
	}
}

func loadSiteInfo(name string) (info *tables.SiteInfo, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return tables.LoadSiteInfo(f)
}

// errNoBrokers is the usage error of commands that need a cluster.
var errNoBrokers = errors.New("which brokers? Give --brokers, or start some with 'eddy broker'")
