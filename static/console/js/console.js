// The console's behaviour on every page. Each part works on events of the document, so it also serves what htmx brings in.
import '@tabler/core/js/src/bootstrap/dropdown';
import './htmx.js';
import './failures.js';
import './copy.js';
import './dialog.js';
import './drafts.js';
import './forms.js';
import './frame.js';
import './keys.js';
import './leaving.js';
import './loading.js'; // After leaving.js, which may keep the person here.
import './palette.js';
import './secret.js';
import './session.js';
import './tables.js';
import './time-zone.js';
import './times.js';
import './toasts.js';
import './upload.js';
