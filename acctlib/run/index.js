(()=>{const q=document.getElementById('q'),n=document.getElementById('n')
const plain=t=>t.normalize('NFD').replace(/\p{M}/gu,'').toLowerCase()
const rows=[...document.querySelectorAll('tbody tr,#failed li')],texts=rows.map(r=>plain(r.textContent))
const all=document.querySelectorAll('tbody tr').length
const find=()=>{const words=plain(q.value).split(/\s+/).filter(Boolean);let shown=0
rows.forEach((r,i)=>{const yes=words.every(w=>texts[i].includes(w));r.hidden=!yes;if(yes&&r.tagName==='TR')shown++})
const f=document.getElementById('failed')
if(f)f.hidden=[...f.querySelectorAll('li')].every(l=>l.hidden)
n.textContent=words.length?shown+' of '+all+' accounts':''}
q.addEventListener('input',find)
q.addEventListener('keydown',e=>{if(e.key==='Escape'){q.value='';find()}
if(e.key==='Enter'){const first=rows.find(r=>!r.hidden&&r.querySelector('a'));if(first)first.querySelector('a').focus()}})
document.addEventListener('keydown',e=>{if(e.key==='/'&&e.target!==q&&!e.ctrlKey&&!e.metaKey&&!e.altKey){e.preventDefault();q.focus();q.select()}})
q.parentNode.hidden=false;find()})()
