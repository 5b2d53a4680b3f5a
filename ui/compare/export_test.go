package compare

import (
	tea "charm.land/bubbletea/v2"

	"github.com/tagdiff/tagdiff/model"
	"github.com/tagdiff/tagdiff/ui/page"
)

// Access to a page for tests that drive the whole program.

func PollLoad(p page.Page) page.LoadID { return p.(comparePage).poll.Load }

// Arrived returns the message that A is loaded.
func Arrived(p page.Page, a model.Artifact) tea.Msg {
	side := p.(comparePage).a
	a.Ref = side.ref
	return sideMsg{load: side.load, art: a}
}

// LayerArrived returns the message that a layer has been read so far.
func LayerArrived(p page.Page, s model.LayerState) tea.Msg {
	return layerStateMsg{p.(comparePage).reading.id, s}
}

var ExtractedName = extractedName

// Extracting is the message that an extraction on the file page has read so much of the layer.
func Extracting(p page.Page, read int64) any {
	return extractProgressMsg{p.(filePage).extraction.id, read}
}

// FileHelp is the help of the page of a file.
var FileHelp = filePage{}.Help()

// KeptRows is keptRows.
var KeptRows = keptRows
