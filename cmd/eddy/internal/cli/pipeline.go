package cli

import (
	"errors"
	"fmt"
	"os"

	"github.com/eddystream/eddy/cmd/eddy/internal/settings"
	"github.com/eddystream/eddy/processors"
	"github.com/eddystream/eddy/tables"
	"github.com/eddystream/eddy/topology"
)

// pipeline builds the topology that the settings ask for, and the wikis it knows.
func pipeline(s settings.Settings) (*topology.Topology, *tables.Sites, error) {
	sites, err := loadSites(s.SiteInfo)
	if err != nil {
		return nil, nil, err
	}
	topo, err := processors.New(processors.Options{Sites: sites, StartOn: processors.StartOn(s.StartOn)})
	return topo, sites, err
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
