package diff

// rulesSettings are group E: settings.
var rulesSettings = []rule{}
