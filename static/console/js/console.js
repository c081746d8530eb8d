// The console's behaviour on every page. Each part works on events of the document, so it also serves what htmx brings in.
import './failures.js';
import './copy.js';
import './dialog.js';
import './drafts.js';
import './forms.js';
import './frame.js';
import './keys.js';
import './leaving.js';
import './palette.js';
import './secret.js';
import './session.js';
import './tables.js';
import './time-zone.js';
import './upload.js';
