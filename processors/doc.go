// Package processors is the wiki pipeline: six processors that turn page changes and render events into re-render
// requests, and keep the tables that answer what a page uses, who depends on a title, and what a title meant.
//
//	page-changes ─▶ pages ──claims──▶ titles ──title changes──▶ dependents ⟲ ──asks──▶ requests ──▶ rerender-requests
//	                  │ └──lives────▶ links ──edges, changes─────▶ ▲ └──used──▶ links      ▲ │
//	                  │                 ▲                                                  │ │
//	renders ──────────┼─────────────────┴───────────────────────────────────── renders ────┤ │
//	                  └──lives────────────────────────────────────────────────────────────▶┘ │
//	                              progress (dependents, requests) ───────────────────────────▼──▶ cascades ──▶ cascade-events
//
// In front of it, where [Options.Intake] asks for it, two more take what any producer sends:
//
//	incoming-page-changes ─▶ change-intake ─▶ page-changes
//	incoming-renders ──────▶ render-intake ─▶ renders
//
// Every handler's outputs are a function of its row and its record alone; joins only name things. So a record that is
// processed again after a crash, beside others in another order, sends nothing that the first run would not have sent
// or that the messages behind it do not take back.
package processors
