// htmx is told about in the pages' attributes; what our own scripts ask of it, they ask of this name.
import htmx from 'htmx.org/dist/htmx.esm.js'

window.htmx = htmx
