package cli

import (
	"errors"
	"fmt"
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
	return pipelineWith(s, nil)
}

func pipelineWith(s settings.Settings, intake *processors.Intake) (*topology.Topology, *tables.Sites, error) {
	if err := upgradeFrom(s.UpgradeFrom); err != nil {
		return nil, nil, usageError(err)
	}
	sites, err := loadSites(s.SiteInfo)
	if err != nil {
		return nil, nil, err
	}
	topo, err := processors.New(processors.Options{
		Sites: sites, StartOn: processors.StartOn(s.StartOn), KeepCascades: s.KeepCascades, Intake: intake,
	})
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

// loadSites reads the files with what is special of wikis; other wikis have English namespaces.
func loadSites(files []string) (*tables.Sites, error) {
	infos := make([]*tables.SiteInfo, len(files))
	for i, name := range files {
		info, err := loadSiteInfo(name)
		if err != nil {
			return nil, usageError(fmt.Errorf("siteinfo %q: %w", name, err))
		}
		infos[i] = info
	}
	sites, err := tables.NewSites(nil, infos...)
	return sites, usageError(err)
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
