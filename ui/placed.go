package ui

// Pages are the names of the pages that are open, the one on top last.
func (a App) Pages() []string {
	names := make([]string, len(a.stack))
	for i, o := range a.stack {
		names[i] = o.page.crumb().String()
	}
	return names
}

// Size is that of the terminal.
func (a App) Size() (width, height int) { return a.width, a.height }
